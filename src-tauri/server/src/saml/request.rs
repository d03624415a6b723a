//! A service provider's `AuthnRequest` (SAML Core 2.0 §3.4.1) by HTTP-Redirect or HTTP-POST. What it asks for
//! is checked and kept; the browser goes on with a handle. So signing in can come between, and a form that
//! another site posted needs no cookies, which browsers do not send with it.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use saml_rs::{
    AuthnRequest, AuthnRequestAgePolicy, BrowserInput, ClockSkew, ForceAuthn, IsPassive, ReplayPolicy,
    SamlError, SamlValidationContext, SsoResponseBinding,
};

use super::{Refusal, Target, provider, replay::Seen, response::CLOCK_SKEW};
use crate::{
    instance::Instance,
    secret::Token,
    store::{SamlRequest, StoreError},
};

/// A request is sent on its way at once.
const OLDEST: Duration = Duration::from_secs(10 * 60);
/// Longer than any that is still fresh enough.
const REMEMBERED: Duration = Duration::from_secs(30 * 60);
/// How long a person may take to sign in.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);
const LONGEST_ID: usize = 256;

/// Checks a request and keeps it: the handle under which it waits.
pub fn receive(
    instance: &Instance,
    target: Target<'_>,
    input: BrowserInput<AuthnRequest>,
) -> Result<Token, Refusal> {
    let now = instance.now();
    let party = format!("requests of {}", target.saml.audience);
    let mut seen = Seen { store: &instance.store, party: &party };
    let received = {
        let idp = provider::identity_provider(instance, target)?;
        let sp = provider::requester(target)?;
        let context = context(now, ReplayPolicy::RequireCache(&mut seen))
            .with_authn_request_age(AuthnRequestAgePolicy::Bounded { max_age: OLDEST })
            .with_replay_retention(REMEMBERED);
        idp.receive_sso(&sp, input, context)?
    };
    let request = received.message();
    check(target, request)?;
    let kept = SamlRequest {
        application: target.application.id.clone(),
        id: request.id().as_str().to_owned(),
        relay_state: received.relay_state().as_deref().map(str::to_owned),
        force_authn: request.force_authn() == Some(ForceAuthn::Required),
        is_passive: request.is_passive() == Some(IsPassive::Required),
        received: now,
        ends: now.checked_add(PATIENCE).unwrap_or(now),
    };
    let handle = instance.chance.token();
    instance.store.add_saml_request(handle.digest(), &kept)?;
    Ok(handle)
}

/// What the library leaves to us: the answer goes to the one address that the organisation file names. The wish
/// for a kind of name (`NameIDPolicy`) is passed over: the file says how people are named, and many programs ask for
/// `transient` unless they are told otherwise.
fn check(target: Target<'_>, request: &AuthnRequest) -> Result<(), Refusal> {
    if request.acs_url().is_some_and(|url| url.as_str() != target.saml.acs_url)
        || request.acs_index().is_some()
    {
        return Err(Refusal::Invalid("It wants the answer sent to an address that is not registered."));
    }
    if request.protocol_binding().is_some_and(|binding| binding != SsoResponseBinding::Post) {
        return Err(Refusal::Invalid("It wants the answer in a way other than HTTP-POST."));
    }
    if request.requested_subject().is_some() {
        return Err(Refusal::Invalid("It asks for a certain person, which this server does not support."));
    }
    // An xs:NCName, as far as anybody makes them.
    let id = request.id().as_str();
    if id.len() > LONGEST_ID || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b)) {
        return Err(Refusal::Invalid("Its id is malformed."));
    }
    Ok(())
}

/// How messages are judged: by the instance's clock, with some patience for others'.
pub fn context(now: Timestamp, replay: ReplayPolicy<'_>) -> SamlValidationContext<'_> {
    let skew = i64::try_from(CLOCK_SKEW.as_millis()).unwrap_or_default();
    // A time that cannot be said is one at which nothing is valid.
    let now = SystemTime::try_from(now).unwrap_or(SystemTime::UNIX_EPOCH);
    SamlValidationContext::new(now, replay).with_clock_skew(ClockSkew::from_millis(-skew, skew))
}

impl From<SamlError> for Refusal {
    fn from(error: SamlError) -> Self {
        Self::Saml(error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
