//! SSO-OIDC: registration, device authorization, authorization code, tokens (AWS SSO-OIDC API 2019-06-10).

pub mod authorize;
pub mod clients;
mod create_token;
mod create_token_with_iam;
mod grants;
mod identity_token;
#[cfg(test)]
mod race_tests;
mod refresh;
#[cfg(test)]
mod refresh_tests;
mod register_client;
mod start_device_authorization;
#[cfg(test)]
mod tests;
pub mod trusted;
mod wire;
#[cfg(test)]
mod with_iam_tests;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::de::DeserializeOwned;

use crate::{
    fields::Fields,
    instance::{Instance, Shared},
    sigv4::SignedRequest,
};
use wire::Kind;
pub use wire::OidcError;

/// The routes of SSO-OIDC; all but `/authorize` and CreateTokenWithIAM are JSON operations without authentication.
pub fn routes(instance: &Instance) -> Router<Shared> {
    let well_known = |name: &str| format!("/{}/.well-known/{name}", instance.addresses.instance_id());
    Router::new()
        .route(&well_known("openid-configuration"), get(identity_token::show_configuration))
        .route(&well_known("jwks.json"), get(identity_token::show_keys))
        .route("/client/register", post(register_client))
        .route("/device_authorization", post(start_device_authorization))
        .route("/token", post(create_token))
        .route("/authorize", get(authorize::show))
        .route("/authorize/decision", post(authorize::decide))
        .method_not_allowed_fallback(async || {
            Kind::MethodNotAllowed.because("Method not allowed").into_response()
        })
}

async fn register_client(State(instance): State<Shared>, body: Bytes) -> Response {
    operation(instance, body, register_client::register_client).await
}

async fn start_device_authorization(State(instance): State<Shared>, body: Bytes) -> Response {
    operation(instance, body, start_device_authorization::start_device_authorization).await
}

async fn create_token(State(instance): State<Shared>, request: SignedRequest) -> Response {
    // The path of CreateTokenWithIAM differs in this alone (botocore's model).
    let query = Fields::parse(request.uri.query().unwrap_or_default().as_bytes());
    if query.get("aws_iam") == Some("t") {
        return create_token_with_iam::answer(instance, request).await;
    }
    operation(instance, request.body, create_token::create_token).await
}

async fn operation<Request, Answer>(
    instance: Shared,
    body: Bytes,
    answer: fn(&Instance, Request) -> Result<Answer, OidcError>,
) -> Response
where
    Request: DeserializeOwned + 'static,
    Answer: serde::Serialize + 'static,
{
    instance
        .run(move |instance| {
            let outcome = wire::read(&body).and_then(|request| answer(instance, request));
            wire::respond(outcome)
        })
        .await
}
