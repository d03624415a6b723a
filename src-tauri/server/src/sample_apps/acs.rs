//! A sample application's assertion consumer service (SAML Profiles 2.0 §4.1.4.3): it greets the person, or says
//! why it does not.

use askama::Template;
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use saml_rs::{
    AcsEndpoint, BrowserInput, FormField, IdpDescriptor, MessageId, PendingAuthnRequest, RelayStateParam,
    ReplayPolicy, Saml, SamlError, Sp, SsoResponse, SsoResponseBinding, SsoSession,
};
use url::form_urlencoded;

use super::{REQUEST, home_of, identity_provider, played, target_of};
use crate::{
    instance::{Instance, Shared},
    saml::{Refusal, Seen, Target, context, service_provider},
    signin::{self, Frame, PageError, html},
};

#[derive(Template)]
#[template(path = "sample_app_greeting.html")]
struct GreetingPage<'a> {
    frame: Frame,
    application: &'a str,
    home: &'a str,
    person: String,
    name_id: &'a str,
    format: &'a str,
    issuer: &'a str,
    asked: bool,
    relay_state: &'a str,
    attributes: Vec<(String, String)>,
}

/// POST `/sample-apps/{name}/acs`.
pub async fn consume(
    State(instance): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    instance
        .run(move |instance| {
            greet(instance, &name, &headers, &body).unwrap_or_else(|error| error.render(instance, None))
        })
        .await
}

fn greet(instance: &Instance, name: &str, headers: &HeaderMap, body: &[u8]) -> Result<Response, PageError> {
    let application = played(instance, name)?;
    let target = target_of(&application)?;
    let fields: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let relay_state = fields.iter().find(|(name, _)| name == "RelayState").map_or("", |(_, value)| value);
    let asked = signin::cookie(instance, headers, REQUEST)
        .and_then(|kept| kept.split_once('.'))
        .filter(|(_, secret)| *secret == relay_state);
    let request = asked.map(|(id, _)| (id, relay_state));
    let session = verify(instance, target, request, &fields).map_err(|refusal| {
        let title = format!("{} does not let you in", target.application.name);
        refusal.page(&title, "Open the application again from the access portal.")
    })?;
    let attributes: Vec<(String, String)> = session
        .attributes()
        .as_slice()
        .iter()
        .map(|attribute| {
            let values: Vec<&str> = attribute.values().iter().map(|value| value.as_str()).collect();
            (attribute.name().to_owned(), values.join(", "))
        })
        .collect();
    let told = attributes.iter().find(|(name, _)| name == "name").map(|(_, value)| value.clone());
    let page = GreetingPage {
        frame: Frame::bare(instance),
        application: &target.application.name,
        home: home_of(target),
        person: told.unwrap_or_else(|| session.name_id().value().to_owned()),
        name_id: session.name_id().value(),
        format: session.name_id().format().map_or("", |format| format.as_uri()),
        issuer: session.issuer().as_str(),
        asked: asked.is_some(),
        relay_state: if asked.is_some() { "" } else { relay_state },
        attributes,
    };
    Ok(html(StatusCode::OK, &page))
}

/// Signature, issuer, audience, recipient, time, replay, and whether this browser asked for it.
fn verify(
    instance: &Instance,
    target: Target<'_>,
    asked: Option<(&str, &str)>,
    fields: &[(String, String)],
) -> Result<SsoSession, Refusal> {
    let (sp, idp) = (service_provider(target)?, identity_provider(instance, target)?);
    let form = fields.iter().map(|(name, value)| FormField::new(&**name, &**value)).collect();
    let input = BrowserInput::<SsoResponse>::post(form);
    let party = format!("responses to {}", target.saml.audience);
    let mut seen = Seen { store: &instance.store, party: &party };
    let context = context(instance.now(), ReplayPolicy::RequireCache(&mut seen));
    let Some((id, relay_state)) = asked else {
        let session = sp.accept_unsolicited_sso(&idp, input, context)?;
        // The library leaves this to us: an answer that nobody here asked for may be another browser's.
        if session.in_response_to().is_some() {
            return Err(SamlError::InResponseToMismatch { expected: None, actual: None }.into());
        }
        return Ok(session);
    };
    finish(&sp, &idp, target, (id, relay_state), input, context).map_err(Refusal::from)
}

fn finish(
    sp: &Saml<Sp>,
    idp: &IdpDescriptor,
    target: Target<'_>,
    (id, relay_state): (&str, &str),
    input: BrowserInput<SsoResponse>,
    context: saml_rs::SamlValidationContext<'_>,
) -> Result<SsoSession, SamlError> {
    let pending = PendingAuthnRequest::try_new(
        MessageId::try_new(id)?,
        RelayStateParam::try_from_option(Some(relay_state))?,
        AcsEndpoint::post(&*target.saml.acs_url)?,
        SsoResponseBinding::Post,
        idp.entity_id().clone(),
    )?;
    sp.finish_sso(idp, &pending, input, context)
}
