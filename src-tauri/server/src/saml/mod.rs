//! SAML 2.0 applications: an identity provider for each, with metadata and assertions at AWS's addresses
//! (undocumented; WTFender/aws-sso-extender), sign-in that starts here or at the application, and the way of the
//! portal's own links. XML is read, written and signed by the library alone.
//!
//! A sign-in: [`request`] (if the application starts it) or a link -> [`assertion`] -> [`response`] ->
//! [`pass_on`].

mod assertion;
mod certificate;
pub mod certificates;
#[cfg(test)]
mod custom_tests;
mod download;
mod encoded_response;
pub mod fetch;
pub mod import;
mod links;
pub mod mapping;
mod pass_on;
mod person;
mod preview;
mod provider;
mod refusal;
mod replay;
mod request;
mod response;
mod signing_key;
mod target;
#[cfg(test)]
pub mod tests;

use axum::{Router, http::StatusCode, routing::get};

use crate::{
    catalogue::{self, IdentityProviderFacts},
    instance::{Instance, Shared},
    organisation::Application,
    signin::PageError,
};
pub use certificate::{Certificate, certificate_text, encryption_certificate_text, pem};
pub use pass_on::PassOn;
pub use preview::preview;
pub use provider::{metadata, service_provider};
pub use refusal::Refusal;
pub use replay::Seen;
pub use request::context;
#[cfg(test)]
pub use response::issue;
pub use response::{CLOCK_SKEW, instant};
pub use signing_key::SigningKey;
pub use target::{Target, application_named, profile_of, profile_path};

/// The routes of SAML.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/saml/metadata/{target}", get(download::show_metadata))
        .route("/saml/metadata/{target}/{file}", get(download::show_certificate))
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

/// Applications that are looked at together.
const AT_ONCE: u32 = 100;

/// Does what is due for the certificates of all applications.
pub fn tend_certificates(instance: &Instance) {
    let mut after = String::new();
    loop {
        let applications = match instance.store.applications(&after, AT_ONCE) {
            Ok(applications) => applications,
            Err(error) => return tracing::error!(%error, "could not see to the applications' certificates"),
        };
        for target in applications.iter().filter_map(Target::of) {
            if let Err(error) = certificates::tend(instance, target) {
                tracing::error!(application = target.application.name, %error, "could not see to its certificates");
            }
        }
        let Some(last) = applications.last() else { return };
        after.clone_from(&last.name);
    }
}

/// What to do on an application's side, where it is one of the catalogue's.
pub fn steps(instance: &Instance, target: Target<'_>) -> Vec<String> {
    let Some(choice) = &target.saml.catalogue else { return Vec::new() };
    let Some(entry) = catalogue::entry(&choice.id) else { return Vec::new() };
    let held = certificates::told(instance, target).unwrap_or_default();
    let fingerprint = held.first().map(|held| held.certificate.fingerprint()).unwrap_or_default();
    let (metadata_url, address) = (target.metadata_url(instance), target.address(instance));
    let ours = IdentityProviderFacts {
        metadata_url: &metadata_url,
        sign_in_url: &address,
        issuer: &address,
        certificate: &format!("{metadata_url}/certificate.pem"),
        fingerprint: &fingerprint,
    };
    entry.steps(&ours, &choice.fields)
}

/// Nobody learns which applications there are for others: one that is not somebody's is as one that is not there.
fn no_such_application(instance: &Instance) -> PageError {
    let text = "The link is not one of this organisation's, the application is gone, or it is not assigned to you. \
                An administrator assigns access.";
    PageError::new(StatusCode::NOT_FOUND, "There is no such application", text)
        .with_way_back(instance.addresses.start_url())
}
