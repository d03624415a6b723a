//! The assertion consumer service (SAML Profiles 2.0 §4.1.4.3). An answer counts once, for a request that waits for
//! it, and for somebody who is in the directory under that very name.

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use saml_rs::{
    AcsEndpoint, BrowserInput, EntityId, FormField, MessageId, PendingAuthnRequest, RelayStateParam,
    ReplayPolicy, SamlError, SsoResponse, SsoResponseBinding, SsoSession,
};
use serde_json::json;
use url::form_urlencoded;

use super::{
    claims, is_source,
    parties::{self, Signed},
};
use crate::{
    audit::{self, Event},
    instance::{Instance, Shared},
    organisation::User,
    saml::{CLOCK_SKEW, Refusal, Seen, context},
    secret::Digest,
    signin::{PageError, see_other},
    store::{ExternalProvider, ExternalSignIn, Proved},
};

const TITLE: &str = "The identity provider's answer is refused";

/// POST `/platform/saml/acs/{directory}`.
pub async fn receive(State(instance): State<Shared>, Path(directory): Path<String>, body: Bytes) -> Response {
    if directory != instance.addresses.directory_id() {
        return (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response();
    }
    instance
        .run(move |instance| judge(instance, &body).unwrap_or_else(|error| error.render(instance, None)))
        .await
}

fn judge(instance: &Instance, body: &[u8]) -> Result<Response, PageError> {
    let fields: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let relay = fields.iter().find(|(name, _)| name == "RelayState").map(|(_, value)| value.clone());
    let (relay, now) = (relay.unwrap_or_default(), instance.now());
    let provider = if is_source(instance)? { instance.store.external_provider()? } else { None };
    let waiting = instance.store.external_sign_in(Digest::of(&relay), now)?;
    let Some((provider, waiting)) = provider.zip(waiting) else {
        let text = "It answers no request that waits for it. Start again from this server's own address.";
        return Err(
            PageError::new(StatusCode::FORBIDDEN, TITLE, text).with_way_back(instance.addresses.start_url())
        );
    };
    let session = match accept(instance, &provider, &waiting, &relay, &fields) {
        Ok(session) => session,
        Err(refusal) => {
            let reason = refusal.reason();
            instance.record(&failure(instance, &provider, None, reason))?;
            return Err(refusal
                .page(TITLE, "Start again from this server's own address.")
                .with_way_back(instance.addresses.start_url()));
        }
    };
    let authenticated = authenticated(&session);
    if let Some(asked) = waiting.anew
        && !is_since(authenticated, asked)
    {
        instance.record(&failure(instance, &provider, None, "The person was not asked anew."))?;
        let text = "What you wanted to do needs that you prove anew who you are, and the identity provider let you \
                    in without asking. Sign out there, then try again. If it happens again, tell your administrator \
                    that the identity provider must heed ForceAuthn.";
        return Err(PageError::new(
            StatusCode::FORBIDDEN,
            "The identity provider did not ask you again",
            text,
        )
        .with_way_back(instance.addresses.start_url()));
    }
    let name = session.name_id().value();
    let user = instance.store.provisioned_user_by("userName", &username(name))?;
    let user = user.map(|user| user.record.user);
    let Some(user) = user.filter(|user| user.enabled) else {
        instance.record(&failure(instance, &provider, None, "The user is not there or disabled."))?;
        let text = format!(
            "The identity provider says that you are {}. There is no user of that name here who may sign in. Your \
             administrator creates or provisions one.",
            name.chars().filter(|c| !c.is_control()).take(100).collect::<String>()
        );
        return Err(PageError::new(StatusCode::FORBIDDEN, "You are not a user here", &text));
    };
    let proved = Proved {
        context: claims::authn_context(&session.raw_flow().saml_content, session.assertion_id().as_str()),
        tags: claims::tags(&session),
        authenticated: authenticated.map_or(0, Timestamp::as_millisecond),
        session_ends: session_ends(&session).map(Timestamp::as_millisecond),
        user_id: user.id,
    };
    let handle = instance.chance.token();
    if !instance.store.prove_external_sign_in(Digest::of(&relay), handle.digest(), &proved, now)? {
        let text = "It was answered at the same moment in another tab.";
        return Err(PageError::new(StatusCode::GONE, "This sign-in is over", text));
    }
    Ok(see_other(&format!("/sign-in/external/done?handle={}", handle.expose())))
}

/// Signature over what is used, issuer, destination, audience, recipient, time, and that it answers this request; and
/// then that it was not used before.
fn accept(
    instance: &Instance,
    provider: &ExternalProvider,
    waiting: &ExternalSignIn,
    relay: &str,
    fields: &[(String, String)],
) -> Result<SsoSession, Refusal> {
    // A second one could be taken for what the signature covers, if not by this library then by one after it.
    let sent = fields.iter().find(|(name, _)| name == "SAMLResponse").map(|(_, value)| value);
    let bytes =
        sent.and_then(|sent| BASE64_STANDARD.decode(sent.split_whitespace().collect::<String>()).ok());
    let xml = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    if !xml.is_some_and(|xml| claims::has_one_assertion(&xml)) {
        return Err(Refusal::Invalid("It is malformed, or has more than one assertion."));
    }
    let idp = parties::identity_provider(provider)?;
    let pending = PendingAuthnRequest::try_new(
        MessageId::try_new(&*waiting.request_id)?,
        RelayStateParam::try_from_option(Some(relay))?,
        AcsEndpoint::post(parties::acs_url(instance))?,
        SsoResponseBinding::Post,
        EntityId::try_new(&*provider.entity_id)?,
    )?;
    let mut seen = Seen { store: &instance.store, party: "answers of the external identity provider" };
    let mut accept = |signed: Signed| {
        let sp = parties::service_provider(instance, signed)?;
        let form = fields.iter().map(|(name, value)| FormField::new(&**name, &**value)).collect();
        let input = BrowserInput::<SsoResponse>::post(form);
        let context = context(instance.now(), ReplayPolicy::RequireCache(&mut seen));
        sp.finish_sso(&idp, &pending, input, context)
    };
    let session = match accept(Signed::Assertion) {
        Err(SamlError::AssertionSignatureRequired | SamlError::SignatureMissing) => accept(Signed::Response),
        outcome => outcome,
    }?;
    // Each of these covers what is used here: the assertion, or the response that it is in.
    if session.verified_xml_signatures().is_empty() {
        return Err(SamlError::SignatureMissing.into());
    }
    // The library leaves this to us.
    if session.in_response_to().map(MessageId::as_str) != Some(&*waiting.request_id) {
        return Err(SamlError::InResponseToMismatch { expected: None, actual: None }.into());
    }
    Ok(session)
}

/// The first moment at which the provider wants the session to end.
fn session_ends(session: &SsoSession) -> Option<Timestamp> {
    let ends = session.authn_sessions().iter().filter_map(|authn| authn.not_on_or_after());
    ends.filter_map(|moment| moment.as_str().parse::<Timestamp>().ok()).min()
}

/// The user name that a NameID says: as user names are kept, and no further. What some other rule takes for the same
/// name is somebody else's at the provider.
pub(super) fn username(name_id: &str) -> String {
    name_id.to_ascii_lowercase()
}

/// When the person proved to the provider who they are (SAML Core 2.0 §2.7.2, `AuthnInstant`); the first time, where
/// it tells of several.
fn authenticated(session: &SsoSession) -> Option<Timestamp> {
    let instants = session.authn_sessions().iter().map(|authn| {
        let instant = authn.authn_instant()?;
        instant.as_str().parse::<Timestamp>().ok()
    });
    instants.collect::<Option<Vec<_>>>()?.into_iter().min()
}

/// Whether a proof is not older than the wish for it, as far as two clocks can tell.
pub(super) fn is_since(proved: Option<Timestamp>, asked: Timestamp) -> bool {
    proved.is_some_and(|at| asked.duration_since(at) <= CLOCK_SKEW)
}

/// A sign-in that did not succeed.
fn failure<'e>(
    instance: &Instance,
    provider: &ExternalProvider,
    user: Option<&'e User>,
    reason: &'e str,
) -> Event<'e> {
    Event {
        source: audit::SIGNIN,
        name: "UserAuthentication",
        user,
        details: json!({ "UserAuthentication": "Failure", "Reason": reason }),
        additional: json!({
            "CredentialType": "EXTERNAL_IDP",
            "LoginTo": instance.addresses.start_url(),
            "IdentityProvider": provider.entity_id,
        }),
        ..Event::default()
    }
}
