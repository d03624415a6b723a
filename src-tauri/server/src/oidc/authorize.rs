//! Authorize: GET `/authorize` (aws-cli's `SSOTokenFetcherAuth`; RFC 6749 §4.1.1 with `scopes` for `scope`).
//! Client and redirect URI are checked before anything is sent to that URI. The person signs in, allows the
//! client once in a sign-in session, and goes back with a code.

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use url::Url;

use super::{
    clients::{self, AUTHORIZATION_CODE},
    wire::{Kind, OidcError},
};
use crate::{
    admin::application_arn_prefix,
    domain::{
        authorization_code::{self, AuthorizationCode},
        integration::MOST_SCOPES,
        redirect_uri,
    },
    fields::Fields,
    instance::{Instance, Shared},
    secret::{Digest, Token},
    signin::{self, Consent, PageError, SignedIn, Visit, redirect},
    store::{Client, Permission, StoreError},
};

/// The parameters that travel through the consent form.
const PARAMETERS: [&str; 7] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "code_challenge_method",
    "code_challenge",
    "scopes",
];

/// GET `/authorize`.
pub async fn show(State(instance): State<Shared>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    signin::page(instance, headers, query.unwrap_or_default(), show_page).await
}

/// POST `/authorize/decision`, from the consent page.
pub async fn decide(State(instance): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    signin::form(instance, headers, body, decide_page).await
}

fn show_page(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let wanted = match Wanted::read(instance, fields)? {
        Ok(wanted) => wanted,
        Err(back) => return Ok(redirect(&back)),
    };
    let person = visit.signed_in_or("/authorize", fields, &PARAMETERS)?;
    if instance.store.has_consent(&person.session.id, &wanted.client.id)? {
        return wanted.send_code(instance, person);
    }
    let hidden = PARAMETERS
        .iter()
        .filter_map(|name| fields.get(name).map(|value| ((*name).to_owned(), value.to_owned())))
        .collect();
    let consent = Consent {
        client_name: &wanted.client.name,
        action: "/authorize/decision",
        hidden,
        user_code: None,
        goes_to: Some(wanted.redirect_uri.as_str()),
    };
    consent.render(instance, visit)
}

fn decide_page(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let wanted = match Wanted::read(instance, fields)? {
        Ok(wanted) => wanted,
        Err(back) => return Ok(redirect(&back)),
    };
    let person = visit.signed_in_or("/authorize", fields, &PARAMETERS)?;
    if fields.get("decision") != Some("allow") {
        let denied = Kind::AccessDenied.because("The request was denied in the browser");
        return Ok(redirect(&wanted.back_with_error(instance, &denied)));
    }
    instance.store.record_consent(&person.session.id, &wanted.client.id)?;
    wanted.send_code(instance, person)
}

/// An authorization request whose client is known and gets the answer at an address it registered.
pub struct Wanted {
    /// Who asks.
    pub client: Client,
    redirect_uri: Url,
    /// As it was sent: the exchange must repeat it.
    redirect_uri_sent: String,
    state: Option<String>,
    challenge: String,
}

impl Wanted {
    /// The outer error is shown here, because the client or its redirect URI cannot be trusted; the inner one
    /// is the URL that tells the client.
    fn read(instance: &Instance, fields: &Fields) -> Result<Result<Self, Url>, PageError> {
        let wanted = match Self::of_application(instance, fields)? {
            Some(wanted) => wanted,
            None => Self::find(instance, fields)?,
        };
        Ok(match wanted.check(fields) {
            Ok(()) => Ok(wanted),
            Err(error) => Err(wanted.back_with_error(instance, &error)),
        })
    }

    /// The request of an application of OAuth 2.0, whose `client_id` is its ARN: one with this grant, which gets the
    /// answer at an address that the grant names, to the letter.
    fn of_application(instance: &Instance, fields: &Fields) -> Result<Option<Self>, PageError> {
        let arn = fields.get("client_id").unwrap_or_default();
        let Some(id) = arn.strip_prefix(&application_arn_prefix(instance)) else { return Ok(None) };
        let refuse =
            |text: &str| PageError::new(StatusCode::BAD_REQUEST, "This sign-in link does not work", text);
        let store = &instance.store;
        let record = store.application_record(id)?.filter(|record| record.enabled);
        let record = record.ok_or_else(|| refuse("The application is not known here."))?;
        let grant = store.application_permission(id, Permission::Grant, AUTHORIZATION_CODE)?;
        let uris = grant.unwrap_or_default()["AuthorizationCode"]["RedirectUris"].clone();
        let uris: Vec<String> = serde_json::from_value(uris).unwrap_or_default();
        let sent = fields.get("redirect_uri").unwrap_or_default().to_owned();
        let redirect_uri = Url::parse(&sent).ok().filter(|_| uris.contains(&sent)).ok_or_else(|| {
            refuse("It would send you to an address that the application did not register.")
        })?;
        let scopes = store.application_permissions(id, Permission::Scope, "", MOST_SCOPES)?;
        let client = Client {
            id: arn.to_owned(),
            // It proves itself by a signature.
            secret: Digest::of(&instance.chance.uuid()),
            name: record.application.name,
            scopes: scopes.into_iter().map(|(name, _)| name).collect(),
            redirect_uris: uris,
            grant_types: vec![AUTHORIZATION_CODE.to_owned()],
            ends: jiff::Timestamp::MAX,
        };
        let (state, challenge) = (fields.get("state"), fields.get("code_challenge"));
        Ok(Some(Self {
            client,
            redirect_uri,
            redirect_uri_sent: sent,
            state: state.map(str::to_owned),
            challenge: challenge.unwrap_or_default().to_owned(),
        }))
    }

    /// The request, if its client and its redirect URI can be trusted.
    pub fn find(instance: &Instance, fields: &Fields) -> Result<Self, PageError> {
        let refuse =
            |text: &str| PageError::new(StatusCode::BAD_REQUEST, "This sign-in link does not work", text);
        let id =
            fields.get("client_id").ok_or_else(|| refuse("It does not say which application is asking."))?;
        let client = instance
            .store
            .client(id)?
            .filter(|client| instance.now() < client.ends)
            .ok_or_else(|| refuse("The application is not registered here, or its registration has expired. Start the sign-in again from the application."))?;
        let sent = fields.get("redirect_uri").unwrap_or_default().to_owned();
        let redirect_uri = redirect_uri::parse_loopback(&sent)
            .filter(|uri| redirect_uri::matches_registered(uri, &client.redirect_uris))
            .ok_or_else(|| {
                refuse("It would send you to an address that the application did not register.")
            })?;
        Ok(Self {
            client,
            redirect_uri,
            redirect_uri_sent: sent,
            state: fields.get("state").map(str::to_owned),
            challenge: fields.get("code_challenge").unwrap_or_default().to_owned(),
        })
    }

    /// What else a request must be.
    pub fn check(&self, fields: &Fields) -> Result<(), OidcError> {
        if fields.repeats() {
            return Err(Kind::InvalidRequest.because("A parameter is repeated"));
        }
        if fields.get("response_type") != Some("code") {
            return Err(Kind::InvalidRequest.because("response_type must be code"));
        }
        clients::must_cover(&self.client, AUTHORIZATION_CODE)?;
        if fields.get("code_challenge_method") != Some("S256") {
            return Err(Kind::InvalidRequest.because("code_challenge_method must be S256"));
        }
        if !authorization_code::is_challenge(&self.challenge) {
            return Err(Kind::InvalidRequest.because("code_challenge must be a base64url SHA-256"));
        }
        let mut scopes = fields.get("scopes").unwrap_or_default().split_whitespace();
        if !scopes.all(|scope| self.client.scopes.iter().any(|registered| registered == scope)) {
            return Err(Kind::InvalidScope.because("A scope is not registered for this client"));
        }
        Ok(())
    }

    fn back_with_error(&self, instance: &Instance, error: &OidcError) -> Url {
        self.back(instance, &[("error", error.code()), ("error_description", error.description())])
    }

    /// Names the issuer, so that a client of several servers knows whose answer it is (RFC 9207).
    fn back(&self, instance: &Instance, parameters: &[(&str, &str)]) -> Url {
        let mut url = self.redirect_uri.clone();
        url.query_pairs_mut().extend_pairs(parameters).append_pair("iss", &instance.addresses.issuer_url());
        if let Some(state) = &self.state {
            url.query_pairs_mut().append_pair("state", state);
        }
        url
    }

    fn send_code(self, instance: &Instance, person: &SignedIn) -> Result<Response, PageError> {
        let code = self.make_code(instance, &person.session.id, false)?;
        Ok(redirect(&self.back(instance, &[("code", code.expose())])))
    }

    /// A code for what was allowed in this session; `native` if by signing in in the app itself.
    pub fn make_code(
        &self,
        instance: &Instance,
        session_id: &str,
        native: bool,
    ) -> Result<Token, StoreError> {
        let now = instance.now();
        let code = instance.chance.token();
        let kept = AuthorizationCode {
            client_id: self.client.id.clone(),
            redirect_uri: self.redirect_uri_sent.clone(),
            challenge: self.challenge.clone(),
            scopes: self.client.scopes.clone(),
            session_id: session_id.to_owned(),
            family_id: instance.chance.uuid(),
            native,
            ends: now.checked_add(authorization_code::LIFETIME).unwrap_or(now),
        };
        instance.store.add_authorization_code(code.digest(), &kept)?;
        Ok(code)
    }
}
