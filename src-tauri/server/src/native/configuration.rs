//! `/.well-known/latchkey` and `/native/v1/configuration`: what this server takes from the app.

use serde::Serialize;

use super::{enrol, proof, ticket, wire::NativeError};
use crate::{external, instance::Instance, mfa::keys};

/// The document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    /// The versions of this API, as in its paths.
    versions: [&'static str; 1],
    name: String,
    start_url: String,
    issuer: String,
    region: String,
    sign_in: SignIn,
    /// Absent where the address has no host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    webauthn: Option<Webauthn>,
    enrolment: Enrolment,
    ticket: Lasting,
    step_up: Lasting,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignIn {
    password: bool,
    /// Whether a passkey alone is enough.
    passkey: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Webauthn {
    rp_id: String,
    /// What the app writes as the origin of its ceremonies.
    app_origins: [String; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Enrolment {
    /// A person who is signed in registers keys by this API.
    api: bool,
    /// How long a sign-in or a proof is fresh enough for that.
    fresh_seconds: i64,
    /// What a person who must have a factor and has none can set up here; all else takes the browser.
    at_sign_in: &'static [&'static str],
    /// A person's own devices in the browser.
    url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Lasting {
    seconds: i64,
}

/// The document of this instance.
pub fn configuration(instance: &Instance) -> Result<Configuration, NativeError> {
    let settings = instance.settings();
    let policy = instance.store.mfa_policy()?;
    let addresses = &instance.addresses;
    // The identity provider has its pages.
    let here = !external::is_source(instance)?;
    let webauthn =
        keys::rp_id(instance).map(|rp_id| Webauthn { rp_id, app_origins: [keys::app_origin(instance)] });
    Ok(Configuration {
        versions: ["v1"],
        name: settings.name.clone(),
        start_url: addresses.start_url(),
        issuer: addresses.issuer_url(),
        region: settings.region.clone(),
        sign_in: SignIn { password: here, passkey: here && webauthn.is_some() && policy.takes_passkeys() },
        enrolment: Enrolment {
            api: webauthn.is_some(),
            fresh_seconds: proof::FRESH.as_secs(),
            at_sign_in: if enrol::is_offered(instance)? { &["security_key"] } else { &[] },
            url: addresses.url("/start/mfa"),
        },
        webauthn,
        ticket: Lasting { seconds: ticket::LASTS.as_secs() },
        step_up: Lasting { seconds: instance.step_up_length().as_secs() },
    })
}
