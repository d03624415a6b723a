//! `/saml/assertion/{target}`: where an application's sign-in starts. A browser that comes by a link or with a
//! request leaves with a signed assertion for the application, after signing in if need be; a program with a
//! portal token gets the same as JSON.

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};
use saml_rs::{AuthnRequest, BrowserInput, FormField, SamlError};
use serde_json::json;
use url::form_urlencoded;

use super::{
    PassOn, Refusal, Target, application_named,
    encoded_response::encoded_response,
    no_such_application, request,
    response::{self, CLOCK_SKEW, Posted},
    target::answer_for,
};
use crate::{
    audit::{self, Event},
    domain::sign_in_session::SignInSession,
    fields::Fields,
    instance::{Instance, Shared},
    limits::What,
    portal,
    secret::{Digest, Token},
    signin::{self, PageError, SignedIn, Visit, see_other},
    store::{AuditEntry, SamlRequest},
};

/// GET: by a link, with a request (HTTP-Redirect), with the handle of one, or from a program.
pub async fn open(
    State(instance): State<Shared>,
    headers: HeaderMap,
    uri: Uri,
    Path(target): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    if portal::has_token(&headers) {
        return portal::answer(instance, headers, uri, encoded_response).await;
    }
    let query = query.unwrap_or_default();
    if Fields::parse(query.as_bytes()).get("SAMLRequest").is_some() {
        return keep(instance, target, BrowserInput::<AuthnRequest>::redirect(query)).await;
    }
    let show = move |instance: &Instance, visit: &Visit, fields: &Fields| {
        let application = application_named(instance, &target)?;
        let target = application.as_ref().and_then(Target::of);
        let target = target.ok_or_else(|| no_such_application(instance))?;
        match fields.get("request") {
            Some(handle) => answer(instance, visit, target, Digest::of(handle), fields),
            None => begin(instance, visit, target, fields),
        }
    };
    signin::page(instance, headers, query, show).await
}

/// POST: a request in a form of the application's page (HTTP-POST).
pub async fn receive_form(
    State(instance): State<Shared>,
    Path(target): Path<String>,
    body: Bytes,
) -> Response {
    let fields = form_urlencoded::parse(&body).into_owned();
    let fields = fields.map(|(name, value)| FormField::new(name, value)).collect();
    keep(instance, target, BrowserInput::<AuthnRequest>::post(fields)).await
}

async fn keep(instance: Shared, target: String, input: BrowserInput<AuthnRequest>) -> Response {
    instance
        .run(move |instance| {
            answer_for(instance, &target, |target| {
                // Each costs a signature to check and a row, and anybody may send one.
                match instance.count(What::ApplicationSignIns) {
                    Ok(counted) => counted.keep(),
                    Err(crowded) => return PageError::from(crowded).render(instance, None),
                }
                match request::receive(instance, target, input) {
                    Ok(handle) => see_other(&with_handle(instance, target, &handle)),
                    Err(refusal) => refuse(target, refusal).render(instance, None),
                }
            })
        })
        .await
}

fn with_handle(instance: &Instance, target: Target<'_>, handle: &Token) -> String {
    format!("{}?request={}", target.path(instance), handle.expose())
}

fn refuse(target: Target<'_>, refusal: Refusal) -> PageError {
    let title = format!("The request of {} is refused", target.application.name);
    refusal.page(&title, "Start again from the application.")
}

/// Sign-in that starts here.
fn begin(
    instance: &Instance,
    visit: &Visit,
    target: Target<'_>,
    fields: &Fields,
) -> Result<Response, PageError> {
    let person = visit.signed_in_or(&target.path(instance), fields, &[])?;
    assigned(instance, target, person)?;
    instance.store.append_audit(&[federate(instance, target, Some(person))])?;
    let who = (&person.user, &person.session);
    let made = response::issue(instance, target, who, None, target.saml.relay_state.as_deref());
    deliver(instance, target, made)
}

/// Sign-in that the application started.
fn answer(
    instance: &Instance,
    visit: &Visit,
    target: Target<'_>,
    handle: Digest,
    fields: &Fields,
) -> Result<Response, PageError> {
    let waiting = instance.store.saml_request(handle, instance.now())?;
    let waiting = waiting.filter(|request| request.application == target.application.id);
    let request = waiting.ok_or_else(|| {
        let text = "It was answered before, or signing in took too long. Start again from the application.";
        PageError::new(StatusCode::GONE, "This sign-in is over", text)
    })?;
    let proven = visit.person.as_ref().filter(|person| is_fresh(person, &request));
    let made = match proven {
        Some(person) => {
            assigned(instance, target, person)?;
            close(instance, handle, &federate(instance, target, Some(person)))?;
            let who = (&person.user, &person.session);
            response::issue(instance, target, who, Some(&request.id), request.relay_state.as_deref())
        }
        None if request.is_passive => {
            close(instance, handle, &federate(instance, target, None))?;
            response::no_passive(instance, target, &request.id, request.relay_state.as_deref())
        }
        None if visit.person.is_some() => {
            let mut back = target.path(instance);
            back.push_str("?request=");
            back.push_str(fields.get("request").unwrap_or_default());
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("again", "1").append_pair("continue", &back);
            return Ok(see_other(&format!("/sign-in?{}", query.finish())));
        }
        None => {
            return visit
                .signed_in_or(&target.path(instance), fields, &["request"])
                .map(|_| see_other("/start"));
        }
    };
    deliver(instance, target, made)
}

/// Whether the session satisfies `ForceAuthn` (SAML Core 2.0 §3.4.1).
fn is_fresh(person: &SignedIn, request: &SamlRequest) -> bool {
    let SignInSession { began, authenticated, .. } = person.session;
    // Of a clock that is not ours, where the identity provider proved it.
    !request.force_authn
        || began >= request.received && request.received.duration_since(authenticated) <= CLOCK_SKEW
}

fn assigned(instance: &Instance, target: Target<'_>, person: &SignedIn) -> Result<(), PageError> {
    if instance.store.is_for(target.application, &person.user.id)? {
        return Ok(());
    }
    instance.record(&Event {
        source: audit::SSO,
        name: "Federate",
        user: Some(&person.user),
        session: Some(&person.session),
        details: json!({ "application": target.application.name }),
        error: Some(("ForbiddenException", "No access")),
        ..Event::default()
    })?;
    Err(no_such_application(instance))
}

fn close(instance: &Instance, handle: Digest, entry: &AuditEntry) -> Result<(), PageError> {
    if instance.store.answer_saml_request(handle, entry)? {
        return Ok(());
    }
    let text = "It was answered at the same moment in another tab.";
    Err(PageError::new(StatusCode::GONE, "This sign-in is over", text))
}

fn federate(instance: &Instance, target: Target<'_>, person: Option<&SignedIn>) -> AuditEntry {
    let outcome = if person.is_some() { "Success" } else { "NoPassive" };
    instance.entry(&Event {
        source: audit::SSO,
        name: "Federate",
        user: person.map(|person| &person.user),
        session: person.map(|person| &person.session),
        details: json!({ "application": target.application.name, "Federate": outcome }),
        ..Event::default()
    })
}

fn deliver(
    instance: &Instance,
    target: Target<'_>,
    made: Result<Posted, SamlError>,
) -> Result<Response, PageError> {
    let made = made.map_err(|error| PageError::failed(&error))?;
    PassOn {
        title: format!("Signing in to {}", target.application.name),
        to: &target.saml.acs_url,
        name: "SAMLResponse",
        message: made.encoded,
        relay_state: made.relay_state,
    }
    .render(instance)
}
