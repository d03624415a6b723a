//! The federation endpoint (IAM User Guide, custom identity broker): `getSigninToken` turns role credentials
//! into a sign-in token, `login` turns that into a console session, and the console says where one is.

mod console;
mod destination;
mod get_signin_token;
mod login;
#[cfg(test)]
mod tests;

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::SignedDuration;
use url::Url;

use crate::{
    aws,
    fields::Fields,
    instance::{Instance, Shared},
    issuing::{Assigned, IssuingError},
    organisation::{Account, PermissionSet, User},
    secret::Token,
    signin::PageError,
    store::{AuditEntry, SigninToken},
};

/// How long a sign-in token and the link with it work (IAM User Guide, custom identity broker).
const SIGNIN_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// The routes of the federation endpoint and of the console behind it.
pub fn routes() -> Router<Shared> {
    Router::new().route("/federation", get(from_query).post(from_form)).route("/console", get(console::show))
}

async fn from_query(
    State(instance): State<Shared>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    act(instance, headers, Fields::parse(query.unwrap_or_default().as_bytes())).await
}

/// A form, or an empty body with a query string, as one client sends it.
async fn from_form(
    State(instance): State<Shared>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let fields = Fields::parse(&body).and(Fields::parse(query.unwrap_or_default().as_bytes()));
    act(instance, headers, fields).await
}

async fn act(instance: Shared, headers: HeaderMap, fields: Fields) -> Response {
    instance
        .run(move |instance| match fields.get("Action") {
            Some("getSigninToken") => get_signin_token::get_signin_token(instance, &fields),
            Some("login") => {
                login::login(instance, &headers, &fields).unwrap_or_else(|error| error.render(instance, None))
            }
            _ => (StatusCode::BAD_REQUEST, "Action must be getSigninToken or login.\n").into_response(),
        })
        .await
}

/// Issues role credentials for an assigned person, with the event of that, and a sign-in token from them.
///
/// # Errors
/// [`IssuingError`] if they could not be issued or kept.
pub fn signin_token_for(
    instance: &Instance,
    (user, session_id): (&User, &str),
    account: &Account,
    set: &PermissionSet,
    event: &AuditEntry,
) -> Result<Token, IssuingError> {
    let tags = instance
        .session_tags(user, Some(session_id))
        .map_err(|cause| IssuingError::new("find a session's tags", cause))?;
    let issued =
        instance.issuer.issue(Assigned { user, account, set, tags: &tags }, event, instance.now())?;
    match &instance.aws {
        Some(at_aws) => aws::console::signin_token(at_aws, &issued),
        None => keep_token(instance, issued.access_key_id, issued.ends),
    }
}

/// Where sign-in tokens are taken to: here, or to AWS where the accounts are real ones.
pub fn location(instance: &Instance) -> String {
    match &instance.aws {
        Some(at_aws) => aws::console::federation_url(&at_aws.config),
        None => instance.addresses.federation_url(),
    }
}

fn keep_token(
    instance: &Instance,
    access_key_id: String,
    session_ends: jiff::Timestamp,
) -> Result<Token, IssuingError> {
    let now = instance.now();
    let ends = now.checked_add(SIGNIN_TOKEN_LIFETIME).unwrap_or(now);
    let token = instance.chance.token();
    let kept = SigninToken { access_key_id, ends, session_ends };
    let outcome = instance.store.add_signin_token(token.digest(), &kept);
    outcome.map(|()| token).map_err(|cause| IssuingError::new("keep a sign-in token", cause))
}

/// Whether an address is one of the AWS console, where a link may lead.
pub fn leads_to_console(address: &str) -> bool {
    destination::read(address).is_some()
}

/// The link that signs in with a token (undocumented; WTFender/aws-sso-extender), to this page of the console.
///
/// # Errors
/// A page error, should this instance's own address not be a URL.
pub fn login_url(instance: &Instance, token: &Token, destination: Option<&str>) -> Result<Url, PageError> {
    let mut url = Url::parse(&location(instance))
        .map_err(|_| PageError::new(StatusCode::INTERNAL_SERVER_ERROR, "No console", "Try again later."))?;
    url.query_pairs_mut()
        .append_pair("Action", "login")
        .append_pair("Issuer", &instance.addresses.start_url())
        .append_pair("SigninToken", token.expose());
    // AWS's own has to be told where to go in any case.
    let home = instance.aws.as_ref().map(|at_aws| aws::console::home(&at_aws.config));
    if let Some(destination) = destination.or(home.as_deref()) {
        url.query_pairs_mut().append_pair("Destination", destination);
    }
    Ok(url)
}
