//! STS for keys of this server: GetCallerIdentity and AssumeRole, with SigV4 checked for real (STS API
//! 2011-06-15).

mod assume_role;
#[cfg(test)]
mod assume_role_tests;
mod get_caller_identity;
#[cfg(test)]
pub(crate) mod tests;
mod verify;
mod wire;

use axum::{Router, extract::State, http::Method, response::Response, routing::get};

use crate::{
    admin,
    fields::Fields,
    instance::{Instance, Shared},
    signin::see_other,
    sigv4::SignedRequest,
};
use wire::{Answer, StsError};

/// STS answers at `/`, as AWS's does, and so do the administration APIs, which name a target; a browser that comes there without a request goes to the portal.
pub fn routes() -> Router<Shared> {
    Router::new().route("/", get(root).post(root))
}

async fn root(State(instance): State<Shared>, request: SignedRequest) -> Response {
    instance
        .run(move |instance| {
            if admin::is_for_it(&request) {
                return admin::answer(instance, &request);
            }
            if request.method == Method::GET && request.uri.query().is_none() {
                return see_other("/start");
            }
            // In the body as well as in the header, where support staff of AWS asks for it.
            let request_id = instance.chance.uuid();
            let outcome = answer(instance, &request);
            wire::respond(outcome, &request_id)
        })
        .await
}

fn answer(instance: &Instance, request: &SignedRequest) -> Result<Answer, StsError> {
    let query = Fields::parse(request.uri.query().unwrap_or_default().as_bytes());
    let fields = Fields::parse(&request.body).and(query);
    let action = fields.get("Action").unwrap_or_default();
    let version = fields.get("Version").unwrap_or("2011-06-15");
    match action {
        _ if version != "2011-06-15" => Err(StsError::invalid_action(action, version)),
        "GetCallerIdentity" => {
            get_caller_identity::get_caller_identity(instance, request).map(Answer::Identity)
        }
        "AssumeRole" => {
            assume_role::assume_role(instance, request, &fields).map(Box::new).map(Answer::Assumed)
        }
        _ => Err(StsError::invalid_action(action, version)),
    }
}
