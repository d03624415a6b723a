//! How this API speaks: camelCase JSON, and errors as `{"error", "message"}` whose `error` is one of a closed list
//! (`NATIVE.md`). Texts are for logs and for people without the app; the app has words of its own.

use std::borrow::Cow;

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use crate::{
    mfa::keys::KeyError, oidc::OidcError, portal::PortalError, signin::PageError, store::StoreError,
};

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request is not what it should be.
    InvalidRequest,
    /// The client, its secret, or its redirect URI is unknown.
    InvalidClient,
    /// A browser's page asks.
    NotForBrowsers,
    /// User name and password do not belong together.
    WrongPassword,
    /// Too many attempts.
    Locked,
    /// The server is busy.
    Busy,
    /// The sign-in is over, or was never begun.
    SignInOver,
    /// The person has no such factor.
    NoSuchFactor,
    /// A code is wrong.
    WrongCode,
    /// A code was taken before.
    CodeUsed,
    /// The key is none of this person's.
    KeyNotRegistered,
    /// The key's answer does not prove anything.
    KeyRefused,
    /// The key's counter went back: there may be a copy of it.
    KeyCopied,
    /// The organisation's rules keep the person out.
    Blocked,
    /// The access token is not valid.
    Unauthorized,
    /// The sign-in is too old for this: prove a factor first.
    ProofNeeded,
    /// The token came of letting a program in in a browser, not of signing in in the app.
    AppSignInNeeded,
    /// The challenge is over, or not this person's.
    ChallengeOver,
    /// The key is registered, or the person has as many as they may have.
    NotAdded,
    /// A person must keep one.
    LastDevice,
    /// There is no such device.
    NoSuchDevice,
    /// The person does not have this role.
    NoAccess,
    /// The server's address has no host name, without which there are no keys.
    NoKeysHere,
    /// The wrong verb.
    MethodNotAllowed,
    /// No RADIUS server answers.
    RadiusSilent,
    /// The server failed.
    Internal,
}

impl Kind {
    fn on_the_wire(self) -> (StatusCode, &'static str) {
        match self {
            Self::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::InvalidClient => (StatusCode::UNAUTHORIZED, "invalid_client"),
            Self::NotForBrowsers => (StatusCode::FORBIDDEN, "not_for_browsers"),
            Self::WrongPassword => (StatusCode::UNAUTHORIZED, "wrong_password"),
            Self::Locked => (StatusCode::TOO_MANY_REQUESTS, "locked"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::SignInOver => (StatusCode::GONE, "sign_in_over"),
            Self::NoSuchFactor => (StatusCode::BAD_REQUEST, "no_such_factor"),
            Self::WrongCode => (StatusCode::UNAUTHORIZED, "wrong_code"),
            Self::CodeUsed => (StatusCode::UNAUTHORIZED, "code_used"),
            Self::KeyNotRegistered => (StatusCode::UNAUTHORIZED, "key_not_registered"),
            Self::KeyRefused => (StatusCode::UNAUTHORIZED, "key_refused"),
            Self::KeyCopied => (StatusCode::UNAUTHORIZED, "key_copied"),
            Self::Blocked => (StatusCode::FORBIDDEN, "blocked"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::ProofNeeded => (StatusCode::FORBIDDEN, "proof_needed"),
            Self::AppSignInNeeded => (StatusCode::FORBIDDEN, "app_sign_in_needed"),
            Self::ChallengeOver => (StatusCode::GONE, "challenge_over"),
            Self::NotAdded => (StatusCode::CONFLICT, "not_added"),
            Self::LastDevice => (StatusCode::CONFLICT, "last_device"),
            Self::NoSuchDevice => (StatusCode::NOT_FOUND, "no_such_device"),
            Self::NoAccess => (StatusCode::FORBIDDEN, "no_access"),
            Self::NoKeysHere => (StatusCode::NOT_IMPLEMENTED, "no_keys_here"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::RadiusSilent => (StatusCode::SERVICE_UNAVAILABLE, "radius_silent"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    /// An error of this kind.
    pub fn because(self, message: impl Into<Cow<'static, str>>) -> NativeError {
        NativeError { kind: self, message: message.into(), wait: None }
    }
}

/// An error of this API.
#[derive(Debug)]
pub struct NativeError {
    kind: Kind,
    message: Cow<'static, str>,
    wait: Option<SignedDuration>,
}

impl NativeError {
    /// Too many attempts; the next one is looked at after this long.
    pub fn locked(left: SignedDuration) -> Self {
        let wait = Some(SignedDuration::from_secs(left.as_secs() + 1));
        Self { wait, ..Kind::Locked.because("Too many attempts were wrong") }
    }

    /// Others come first.
    pub fn busy() -> Self {
        let wait = Some(SignedDuration::from_secs(5));
        Self { wait, ..Kind::Busy.because("Too many requests at once") }
    }
}

impl From<StoreError> for NativeError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a native operation failed");
        Kind::Internal.because("Internal server error")
    }
}

impl From<KeyError> for NativeError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::NoDomain => Kind::NoKeysHere.because("This server's address has no host name"),
            error => {
                tracing::error!(%error, "a security key could not be asked for");
                Kind::Internal.because("Internal server error")
            }
        }
    }
}

impl From<PortalError> for NativeError {
    fn from(error: PortalError) -> Self {
        match error {
            PortalError::Unauthorized => Kind::Unauthorized.because("The access token is not valid"),
            _ => Kind::Internal.because("Internal server error"),
        }
    }
}

impl From<OidcError> for NativeError {
    fn from(error: OidcError) -> Self {
        match error.code() {
            "server_error" => Kind::Internal.because("Internal server error"),
            "invalid_client" | "unauthorized_client" => {
                Kind::InvalidClient.because(error.description().to_owned())
            }
            _ => Kind::InvalidRequest.because(error.description().to_owned()),
        }
    }
}

impl From<PageError> for NativeError {
    /// Of an authorization request whose client or redirect URI is not known.
    fn from(error: PageError) -> Self {
        match error {
            PageError::Message { status: StatusCode::BAD_REQUEST, text, .. } => {
                Kind::InvalidClient.because(text)
            }
            _ => Kind::Internal.because("Internal server error"),
        }
    }
}

impl IntoResponse for NativeError {
    fn into_response(self) -> Response {
        let (status, error) = self.kind.on_the_wire();
        let mut body = json!({ "error": error, "message": self.message });
        let seconds = self.wait.map(|wait| wait.as_secs());
        if let Some(seconds) = seconds {
            body["retryAfterSeconds"] = json!(seconds);
        }
        let mut response = (status, Json(body)).into_response();
        if let Some(value) = seconds.and_then(|seconds| HeaderValue::from_str(&seconds.to_string()).ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

/// Refuses pages: a browser says by itself that it is one, and none has business here.
pub fn of_program(headers: &HeaderMap) -> Result<(), NativeError> {
    let browsers = [header::ORIGIN.as_str(), header::COOKIE.as_str(), "sec-fetch-site", "sec-fetch-mode"];
    if browsers.iter().any(|name| headers.contains_key(*name)) {
        return Err(Kind::NotForBrowsers.because("This is for programs, not for web pages"));
    }
    Ok(())
}

/// Reads a JSON body.
pub fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, NativeError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Kind::InvalidRequest.because("the content type must be application/json"));
    }
    // serde's message can repeat what was sent, a password among it: it says only what kind of mistake.
    serde_json::from_slice(body).map_err(|error| {
        let what =
            if error.is_data() { "a field is missing or has the wrong type" } else { "the body is not JSON" };
        Kind::InvalidRequest.because(what)
    })
}

/// Writes an answer or an error.
pub fn respond<T: Serialize>(outcome: Result<T, NativeError>) -> Response {
    match outcome {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => error.into_response(),
    }
}
