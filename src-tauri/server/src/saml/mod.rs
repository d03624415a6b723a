//! SAML 2.0 applications: an identity provider for each, with metadata and assertions at AWS's addresses
//! (undocumented; WTFender/aws-sso-extender), sign-in that starts here or at the application, and the way of the
//! portal's own links. XML is read, written and signed by the library alone.
//!
//! A sign-in: [`request`] (if the application starts it) or a link -> [`assertion`] -> [`response`] ->
//! [`pass_on`].

mod assertion;
mod encoded_response;
mod links;
mod pass_on;
mod provider;
mod refusal;
mod replay;
mod request;
mod response;
mod signing_key;
mod target;
#[cfg(test)]
pub mod tests;

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{
    instance::{Instance, Shared},
    organisation::Application,
    signin::PageError,
};
pub use pass_on::PassOn;
pub use provider::{metadata, service_provider};
pub use refusal::Refusal;
pub use replay::Seen;
pub use request::context;
pub use response::instant;
#[cfg(test)]
pub use response::issue;
pub use signing_key::SigningKey;
pub use target::{Target, application_named, profile_of, profile_path};

/// The routes of SAML.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/saml/metadata/{target}", get(show_metadata))
        .route("/saml/assertion/{target}", get(assertion::open).post(assertion::receive_form))
        .route("/start/saml/{kind}/{name}/{target}", get(links::follow))
}

/// Where an application is opened: at its own address, or here.
pub fn way_to(instance: &Instance, application: &Application) -> String {
    match (&application.url, Target::of(application)) {
        (Some(url), _) => url.clone(),
        (None, Some(target)) => target.path(instance),
        (None, None) => instance.addresses.start_url(),
    }
}

/// GET `/saml/metadata/{target}`.
async fn show_metadata(State(instance): State<Shared>, Path(target): Path<String>) -> Response {
    instance
        .run(move |instance| {
            let application = match application_named(instance, &target) {
                Ok(application) => application,
                Err(error) => return PageError::from(error).render(instance, None),
            };
            let Some(target) = application.as_ref().and_then(Target::of) else {
                return no_such_application(instance).render(instance, None);
            };
            match metadata(instance, target) {
                Ok(xml) => ([(header::CONTENT_TYPE, "application/samlmetadata+xml")], xml).into_response(),
                Err(error) => {
                    tracing::error!(%error, "metadata could not be made");
                    StatusCode::INTERNAL_SERVER_ERROR.into_response()
                }
            }
        })
        .await
}

fn no_such_application(instance: &Instance) -> PageError {
    let text = "The link is not one of this organisation's, or the application is gone.";
    PageError::new(StatusCode::NOT_FOUND, "There is no such application", text)
        .with_way_back(instance.addresses.start_url())
}
