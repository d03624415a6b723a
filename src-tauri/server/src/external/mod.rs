//! One external SAML 2.0 identity provider as the place where people sign in: this server is its service provider.
//! XML is read, written, signed and judged by the library alone; what it leaves to us is checked in [`answer`].
//!
//! A sign-in: [`begin`] -> the provider -> [`answer`], which has no cookies, as browsers send none with another
//! site's form -> [`finish`], in the browser that began it.

mod answer;
mod begin;
mod claims;
pub mod command;
mod finish;
pub mod metadata;
mod parties;
#[cfg(test)]
mod source_tests;
#[cfg(test)]
mod tests;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};

pub use begin::page as sign_in_page;
pub use parties::{acs_url, entity_id};

use crate::{
    instance::{Instance, Shared},
    signin,
    store::{SourceKind, StoreError},
};

/// An assertion has up to 50,000 characters (IAM Identity Center quotas), in base64 and in a form.
pub const BODY_LIMIT: usize = 256 * 1024;
/// Where answers come.
pub const ACS: &str = "/platform/saml/acs/";

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/platform/saml/{directory}", get(parties::show_metadata))
        .route(
            "/platform/saml/acs/{directory}",
            post(answer::receive).layer(DefaultBodyLimit::max(BODY_LIMIT)),
        )
        .route("/sign-in/external", signin::shown(begin::begin))
        .route("/sign-in/external/done", signin::shown(finish::finish))
}

/// Whether people sign in at the external identity provider.
///
/// # Errors
/// [`StoreError`] if that cannot be told.
pub fn is_source(instance: &Instance) -> Result<bool, StoreError> {
    Ok(instance.store.identity_source()? == SourceKind::Saml)
}
