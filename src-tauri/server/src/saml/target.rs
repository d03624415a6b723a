//! Which application a SAML address means. Addresses carry the base64 of `{account}_{instance}` or, from the
//! portal's application list, of `{account}_{instance}_{profile}` (undocumented; WTFender/aws-sso-extender).

use axum::response::Response;
use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_STANDARD,
};

use super::no_such_application;
use crate::{
    instance::Instance,
    organisation::{Application, SamlApplication},
    signin::PageError,
    store::StoreError,
};

/// An application that is signed in to by SAML.
#[derive(Debug, Clone, Copy)]
pub struct Target<'i> {
    /// The application.
    pub application: &'i Application,
    /// Its service provider.
    pub saml: &'i SamlApplication,
}

/// `p-` and 16 hex digits: a profile of an application instance.
pub fn profile_of(instance: &Instance, application_instance: &str, name: &str) -> String {
    format!("p-{}", instance.key.public_id("profile", &[application_instance, name], 16))
}

/// The path of a profile's assertions, for accounts as for applications.
pub fn profile_path(instance: &Instance, application_instance: &str, profile: &str) -> String {
    let account = &instance.settings().management_account;
    let encoded = BASE64_STANDARD.encode(format!("{account}_{application_instance}_{profile}"));
    format!("/saml/assertion/{encoded}")
}

/// The application that the last part of an address names, if it is signed in to by SAML.
///
/// # Errors
/// [`StoreError`] if it cannot be looked up.
pub fn application_named(instance: &Instance, encoded: &str) -> Result<Option<Application>, StoreError> {
    let Some(wanted) = instance_named(instance, encoded) else { return Ok(None) };
    let found = instance.store.application_by_instance(&wanted)?;
    Ok(found.filter(|application| application.saml.is_some()))
}

/// Answers for the application that the last part of an address names; it says that there is none otherwise.
pub fn answer_for(
    instance: &Instance,
    encoded: &str,
    answer: impl FnOnce(Target<'_>) -> Response,
) -> Response {
    match application_named(instance, encoded) {
        Ok(application) => match application.as_ref().and_then(Target::of) {
            Some(target) => answer(target),
            None => no_such_application(instance).render(instance, None),
        },
        Err(error) => PageError::from(error).render(instance, None),
    }
}

/// The application instance's id in the last part of an address that is one of ours.
fn instance_named(instance: &Instance, encoded: &str) -> Option<String> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    let name = String::from_utf8(engine.decode(encoded).ok()?).ok()?;
    let (account, rest) = name.split_once('_')?;
    let (wanted, profile) = rest.split_once('_').map_or((rest, None), |(id, profile)| (id, Some(profile)));
    let ours = account == instance.settings().management_account
        && profile.is_none_or(|profile| profile == profile_of(instance, wanted, "Default"));
    ours.then(|| wanted.to_owned())
}

impl<'i> Target<'i> {
    /// The target, if the application has one.
    pub fn of(application: &'i Application) -> Option<Self> {
        application.saml.as_ref().map(|saml| Self { application, saml })
    }

    /// Where this application's sign-in starts and requests go, and the entity id of its identity provider.
    pub fn address(&self, instance: &Instance) -> String {
        instance.addresses.url(&self.path(instance))
    }

    /// The path of [`Target::address`].
    pub fn path(&self, instance: &Instance) -> String {
        format!("/saml/assertion/{}", self.encoded(instance))
    }

    /// Where this application learns all about its identity provider.
    pub fn metadata_url(&self, instance: &Instance) -> String {
        instance.addresses.url(&format!("/saml/metadata/{}", self.encoded(instance)))
    }

    /// The last part of this application's SAML addresses.
    fn encoded(&self, instance: &Instance) -> String {
        let account = &instance.settings().management_account;
        BASE64_STANDARD.encode(format!("{account}_{}", self.application.instance_id))
    }
}
