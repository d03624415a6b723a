//! Lets the `oauth2` crate speak SSO-OIDC: its forms become AWS's camelCase JSON, and the answers
//! become what RFC 6749 and RFC 8628 describe.

use super::{errors, http::Http};
use engine::{model::code::Code, ports::SsoError};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Method, header};
use serde_json::{Map, Value};
use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
};
use url::Url;
use zeroize::Zeroizing;

/// One conversation with the OIDC endpoint. It remembers what the last refusal meant, because `oauth2`
/// would keep only its OAuth name.
pub(crate) struct Conversation<'a> {
    http: &'a Http,
    last: Mutex<Option<SsoError>>,
}

/// Nothing came back; `oauth2` asks again while it polls.
#[derive(Debug, thiserror::Error)]
#[error("no answer")]
pub(crate) struct NoAnswer;

impl<'a> Conversation<'a> {
    pub(crate) fn new(http: &'a Http) -> Self {
        Self { http, last: Mutex::new(None) }
    }

    /// Why the conversation failed, after `oauth2` said that it did.
    pub(crate) fn failure(&self, host: &str) -> SsoError {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .unwrap_or_else(|| SsoError::Other(Code::Garbled { host: host.to_owned() }))
    }

    fn remember(&self, error: Option<SsoError>) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        match self.try_ask(request).await {
            Ok(response) => Ok(response),
            Err(error) => {
                let passing = matches!(error, SsoError::Other(Code::NoAnswer { .. }));
                self.remember(Some(error));
                if passing { Err(NoAnswer) } else { Ok(respond(400, br#"{"error":"failed"}"#.to_vec())) }
            }
        }
    }

    async fn try_ask(&self, request: HttpRequest) -> Result<HttpResponse, SsoError> {
        let url = Url::parse(&request.uri().to_string())
            .map_err(|e| SsoError::Other(Code::Internal { what: format!("no token address: {e}") }))?;
        let body = Zeroizing::new(to_json(request.body()));
        let request = self
            .http
            .request(Method::POST, &url)
            .map_err(SsoError::Other)?
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.to_vec());
        let answer = self.http.send(request).await.map_err(SsoError::Other)?;
        if answer.status.is_success() {
            let body: Map<String, Value> = answer.json()?;
            self.remember(None);
            return Ok(respond(200, to_oauth(body)));
        }
        match errors::name(&answer).as_deref() {
            Some("AuthorizationPending" | "authorization_pending") => {
                self.remember(None);
                Ok(respond(400, br#"{"error":"authorization_pending"}"#.to_vec()))
            }
            Some("SlowDown" | "slow_down") => {
                self.remember(Some(errors::refusal(&answer)));
                Ok(respond(400, br#"{"error":"slow_down"}"#.to_vec()))
            }
            _ => Err(errors::token_refusal(&answer)),
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Conversation<'_> {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

fn respond(status: u16, body: Vec<u8>) -> HttpResponse {
    let mut response = http::Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}

/// `grant_type=refresh_token&scope=a+b` is `{"grantType":"refresh_token","scope":["a","b"]}`.
fn to_json(form: &[u8]) -> Vec<u8> {
    let fields: Map<String, Value> = url::form_urlencoded::parse(form)
        .map(|(name, value)| match name.as_ref() {
            "scope" => ("scope".to_owned(), value.split(' ').map(Value::from).collect()),
            name => (camel(name), Value::from(value.into_owned())),
        })
        .collect();
    Value::Object(fields).to_string().into_bytes()
}

/// `{"accessToken":…,"idToken":null}` is `{"access_token":…,"token_type":"Bearer"}`.
fn to_oauth(body: Map<String, Value>) -> Vec<u8> {
    let mut fields: Map<String, Value> =
        body.into_iter().filter(|(_, v)| !v.is_null()).map(|(name, v)| (snake(&name), v)).collect();
    if fields.contains_key("access_token") {
        fields.entry("token_type").or_insert_with(|| "Bearer".into());
    }
    Value::Object(fields).to_string().into_bytes()
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut chars = part.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    out
}

fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn forms_become_awss_json() {
        let json = to_json(b"grant_type=authorization_code&code=c%2B1&redirect_uri=http%3A%2F%2F127.0.0.1%3A5%2Foauth%2Fcallback&code_verifier=v&client_id=i&client_secret=s&scope=a+b");
        let value: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(
            value,
            serde_json::json!({
                "grantType": "authorization_code", "code": "c+1", "codeVerifier": "v", "clientId": "i",
                "clientSecret": "s", "redirectUri": "http://127.0.0.1:5/oauth/callback", "scope": ["a", "b"],
            })
        );
    }

    #[test]
    fn answers_become_oauths() {
        let body =
            serde_json::json!({"accessToken": "a", "expiresIn": 3600, "refreshToken": "r", "idToken": null});
        let Value::Object(body) = body else { panic!() };
        let value: Value = serde_json::from_slice(&to_oauth(body)).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"access_token": "a", "expires_in": 3600, "refresh_token": "r", "token_type": "Bearer"})
        );
    }
}
