//! Where AWS reads who signs web identity tokens: OpenID Connect discovery, and the keys (OpenID Connect Discovery
//! 1.0; IAM User Guide, OIDC identity providers).

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use super::{issuer_url, role::AUDIENCE, signing::Keyring};
use crate::instance::{Instance, Shared};

/// The path of the issuer's URL.
pub const ISSUER: &str = "/aws-accounts";
const KEYS: &str = "/aws-accounts/jwks.json";

/// The routes of an instance whose accounts are AWS's.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/aws-accounts/.well-known/openid-configuration", get(configuration))
        .route(KEYS, get(keys))
}

async fn configuration(State(instance): State<Shared>) -> Response {
    let body = json!({
        "issuer": issuer_url(&instance),
        "jwks_uri": instance.addresses.url(KEYS),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "nbf", "jti"],
        "scopes_supported": ["openid"],
        "audience": AUDIENCE,
    });
    Json(body).into_response()
}

async fn keys(State(instance): State<Shared>) -> Response {
    let keys = |instance: &Instance| {
        let ring = Keyring { store: &instance.store, chance: &instance.chance, key: &instance.key };
        ring.jwks(instance.now())
    };
    match instance.run(keys).await {
        Ok(keys) => Json(keys).into_response(),
        Err(error) => {
            tracing::error!(%error, "the keys of web identity tokens could not be published");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
