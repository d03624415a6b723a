//! The sample organisation's applications as the sandbox plays them: service providers that take a sign-in from
//! here or start one themselves, look at the answer as strictly as they can, and greet whoever it is about; and one
//! that gets tokens by OAuth 2.0.
//!
//! Invariant: they know the identity provider by its metadata only, and they are there in the sandbox only.

mod acs;
mod home;
mod oauth;
mod start;
#[cfg(test)]
mod tests;

use axum::{
    Router,
    http::StatusCode,
    routing::{get, post},
};
use jiff::SignedDuration;
use saml_rs::{EntityId, IdpDescriptor, MetadataTrustPolicy, SamlError};

use crate::{
    instance::{Instance, Shared},
    organisation::Application,
    saml::{self, Target},
    signin::PageError,
};

/// The cookie that says which request this browser made.
const REQUEST: &str = "latchkey-sample-request";

/// How long a browser remembers that it asked.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// The routes of all sample applications.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/sample-apps/{name}", get(home::show))
        .route("/sample-apps/{name}/sign-in", get(start::sign_in))
        .route("/sample-apps/{name}/acs", post(acs::consume))
        .route("/sample-apps/{name}/back", get(oauth::back))
}

/// The application that is played at `/sample-apps/{name}`.
fn played(instance: &Instance, name: &str) -> Result<Application, PageError> {
    let acs = instance.addresses.url(&format!("/sample-apps/{name}/acs"));
    // There are a handful of them.
    let mut all = instance.store.applications("", 100)?.into_iter();
    all.find(|application| application.saml.as_ref().is_some_and(|saml| saml.acs_url == acs))
        .ok_or_else(unknown)
}

fn unknown() -> PageError {
    let text = "The sandbox plays the applications of its sample organisation only.";
    PageError::new(StatusCode::NOT_FOUND, "There is no such application", text)
}

/// A played application is signed in to by SAML.
fn target_of(application: &Application) -> Result<Target<'_>, PageError> {
    Target::of(application).ok_or_else(|| {
        PageError::new(
            StatusCode::NOT_FOUND,
            "There is no such application",
            "It is not signed in to from here.",
        )
    })
}

/// The identity provider as its metadata describes it.
fn identity_provider(instance: &Instance, target: Target<'_>) -> Result<IdpDescriptor, SamlError> {
    IdpDescriptor::from_metadata_xml_for(
        EntityId::try_new(target.address(instance))?,
        &saml::metadata(instance, target)?,
        // It comes from this process.
        MetadataTrustPolicy::UnsignedForCompatibility,
    )
}

/// The path below which an application is played.
fn home_of(target: Target<'_>) -> &str {
    target.saml.acs_url.strip_suffix("/acs").unwrap_or_default()
}
