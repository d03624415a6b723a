//! What the server answers, and what its refusals mean.

use super::challenge::app_origin;
use crate::{
    sso::{errors, http::Answer},
    urls,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use engine::{
    model::{Timestamp, organisation::Organisation},
    ports::{
        Asks, BrowserReason, DeviceKind, Known, NativeComplete, NativeDevice, NativeError, NativeFactor,
        NativeOffer, NativeStep, SsoError,
    },
};
use reqwest::header;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use url::Url;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Configured {
    versions: Vec<String>,
    sign_in: SignIn,
    webauthn: Option<Webauthn>,
    enrolment: Enrolment,
    step_up: Lasting,
}

#[derive(Deserialize)]
struct SignIn {
    password: bool,
    passkey: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Webauthn {
    app_origins: Vec<String>,
}

#[derive(Deserialize)]
struct Enrolment {
    api: bool,
    url: Option<Url>,
}

#[derive(Deserialize)]
struct Lasting {
    seconds: u64,
}

impl Configured {
    /// What of it this app can use; `None` if the server does not speak its version.
    pub(super) fn offer(self, org: &Organisation, version: &str) -> Option<NativeOffer> {
        if !self.versions.iter().any(|spoken| spoken == version) {
            return None;
        }
        let origin = app_origin(&org.start_url);
        let keys = self.webauthn.is_some_and(|webauthn| webauthn.app_origins.contains(&origin));
        Some(NativeOffer {
            password: self.sign_in.password,
            passkey: self.sign_in.passkey && keys,
            keys,
            enrolment: self.enrolment.api && keys,
            devices_page: self.enrolment.url.filter(|url| urls::belongs(url, org)),
            step_up: Duration::from_secs(self.step_up.seconds),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct Challenged {
    pub(super) options: Value,
    pub(super) state: Option<SecretString>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fresh {
    pub(super) fresh_until: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Opened {
    pub(super) open_until: i64,
}

#[derive(Deserialize)]
pub(super) struct Added {
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct Ticketed {
    pub(super) url: SecretString,
}

#[derive(Deserialize)]
#[serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Stepped {
    SecondFactor {
        sign_in: SecretString,
        expires_at: i64,
        factors: Vec<Factor>,
    },
    ContinueInBrowser {
        reason: String,
        sign_in: Option<SecretString>,
    },
    Complete {
        code: SecretString,
        username: String,
        session_ends_at: i64,
        device: Option<SecretString>,
        context: Option<SecretString>,
    },
}

#[derive(Deserialize)]
pub(super) struct Factor {
    id: String,
    kind: String,
    #[serde(default)]
    names: Vec<String>,
    asks: Option<Asked>,
}

#[derive(Deserialize)]
struct Asked {
    message: String,
    hidden: bool,
}

/// A moment in epoch milliseconds of the server's clock.
pub(super) fn moment(millis: i64, answer: &Answer) -> Result<Timestamp, NativeError> {
    let moment = Timestamp::from_millisecond(millis).map_err(|_| answer.garbled())?;
    Ok(answer.by_our_clock(moment))
}

impl Stepped {
    pub(super) fn into_step(self, answer: &Answer) -> Result<NativeStep, NativeError> {
        Ok(match self {
            Self::SecondFactor { sign_in, expires_at, factors } => NativeStep::SecondFactor {
                sign_in,
                ends: moment(expires_at, answer)?,
                // A kind that a later server knows is nothing this app could prove.
                factors: factors.into_iter().filter_map(Factor::into_factor).collect(),
            },
            Self::ContinueInBrowser { reason, sign_in } => NativeStep::ContinueInBrowser {
                reason: match reason.as_str() {
                    "enrolment" => BrowserReason::Enrolment,
                    "passwordChange" => BrowserReason::PasswordChange,
                    _ => BrowserReason::Other,
                },
                sign_in,
            },
            Self::Complete { code, username, session_ends_at, device, context } => {
                NativeStep::Complete(Box::new(NativeComplete {
                    code,
                    username,
                    ends: moment(session_ends_at, answer)?,
                    known: Known { device, context },
                }))
            }
        })
    }
}

impl Factor {
    fn into_factor(self) -> Option<NativeFactor> {
        match self.kind.as_str() {
            "keys" => Some(NativeFactor::Keys { names: self.names }),
            "code" => {
                let name = self.names.into_iter().next().unwrap_or_default();
                Some(NativeFactor::Code { id: self.id, name })
            }
            "radius" => {
                let label = self.names.into_iter().next().unwrap_or_default();
                let asks = self.asks.map(|Asked { message, hidden }| Asks { message, hidden });
                Some(NativeFactor::Radius { id: self.id, label, asks })
            }
            _ => None,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Devices {
    devices: Vec<Device>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    id: String,
    name: String,
    kind: String,
    counts: bool,
    added_at: i64,
    last_used_at: Option<i64>,
    credential_id: Option<String>,
}

impl Devices {
    pub(super) fn into_devices(self, answer: &Answer) -> Result<Vec<NativeDevice>, NativeError> {
        let device = |device: Device| {
            let id = device.credential_id.map(|id| BASE64_URL_SAFE_NO_PAD.decode(id));
            Ok(NativeDevice {
                kind: match device.kind.as_str() {
                    "security_key" => DeviceKind::SecurityKey,
                    "built_in" => DeviceKind::BuiltIn,
                    "totp" => DeviceKind::AuthenticatorApp,
                    _ => DeviceKind::Other,
                },
                counts: device.counts,
                added: moment(device.added_at, answer)?,
                last_used: device.last_used_at.map(|at| moment(at, answer)).transpose()?,
                credential_id: id.transpose().map_err(|_| answer.garbled())?,
                id: device.id,
                name: device.name,
            })
        };
        self.devices.into_iter().map(device).collect()
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Refused {
    error: Option<String>,
    retry_after_seconds: Option<u64>,
}

/// What a refusal means. One without a word of this API is some other server's, or a gateway's, and says nothing of
/// the sign-in.
pub(super) fn refusal(answer: &Answer) -> NativeError {
    let refused: Refused = serde_json::from_slice(&answer.body).unwrap_or_default();
    let wait = refused.retry_after_seconds.map(Duration::from_secs);
    match refused.error.as_deref() {
        Some("wrong_password") => NativeError::WrongPassword,
        Some("wrong_code") => NativeError::WrongCode,
        Some("code_used") => NativeError::CodeUsed,
        Some("radius_silent") => NativeError::RadiusSilent,
        Some("locked") => NativeError::Locked { wait: wait.unwrap_or_default() },
        Some("key_not_registered") => NativeError::KeyNotRegistered,
        Some("key_refused") => NativeError::KeyRefused,
        Some("key_copied") => NativeError::KeyCopied,
        Some("blocked") => NativeError::Blocked,
        Some("sign_in_over" | "challenge_over") => NativeError::Over,
        Some("no_such_factor") => NativeError::NoSuchFactor,
        Some("not_needed") => NativeError::NotNeeded,
        Some("proof_needed") => NativeError::ProofNeeded,
        Some("app_sign_in_needed") => NativeError::AppSignInNeeded,
        Some("not_added") => NativeError::NotAdded,
        Some("last_device") => NativeError::LastDevice,
        Some("no_such_device") => NativeError::NoSuchDevice,
        Some("no_access") => NativeError::NoAccess,
        Some("no_keys_here" | "method_not_allowed" | "not_for_browsers") => NativeError::NotOffered,
        Some("unauthorized") => SsoError::Unauthorized.into(),
        Some("invalid_client") => SsoError::InvalidClient.into(),
        Some("busy") => SsoError::Throttled { host: answer.host.clone(), retry_after: wait }.into(),
        _ if answer.status.as_u16() == 404 => NativeError::NotOffered,
        _ => moved(answer).unwrap_or_else(|| errors::failure(answer).into()),
    }
}

/// A redirect to another host (RFC 9110, 15.4): what the person typed is for the one that they know. Redirects are
/// never followed.
fn moved(answer: &Answer) -> Option<NativeError> {
    let location = answer.headers.get(header::LOCATION).filter(|_| answer.status.is_redirection())?;
    // One without a scheme or host of its own stays where it is, unless it begins with two slashes.
    let text = location.to_str().ok()?;
    let whole = if text.starts_with("//") { format!("https:{text}") } else { text.to_owned() };
    let host = Url::parse(&whole).ok().map(|url| urls::host_of(&url)).filter(|host| *host != answer.host)?;
    (!host.is_empty()).then_some(NativeError::Moved { host })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use engine::model::code::Code;
    use reqwest::{StatusCode, header::HeaderMap};
    use zeroize::Zeroizing;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Zeroizing::new(body.as_bytes().to_vec()),
            host: "h".into(),
            skew: None,
            ahead: 0,
        }
    }

    #[test]
    fn another_host_is_not_followed_but_told() {
        let check = |status, location: &str, expected: Option<&str>| {
            let mut answer = answer(status, "");
            answer.headers.insert(header::LOCATION, location.parse().unwrap());
            let expected = expected.map(|host| NativeError::Moved { host: host.into() });
            assert_eq!(moved(&answer), expected, "{status} {location}");
        };
        check(307, "https://evil.test/native/v1/password", Some("evil.test"));
        check(308, "//evil.test:8443/x", Some("evil.test:8443"));
        check(302, "/elsewhere", None);
        check(302, "https://h/elsewhere", None);
        check(200, "https://evil.test/", None);
        let mut answer = answer(307, "");
        answer.headers.insert(header::LOCATION, "https://evil.test/".parse().unwrap());
        assert_eq!(refusal(&answer), NativeError::Moved { host: "evil.test".into() });
    }

    #[test]
    fn refusals_are_told_apart_and_foreign_ones_say_nothing_of_the_sign_in() {
        let wait = Duration::from_secs(31);
        for (status, body, expected) in [
            (401, r#"{"error":"wrong_password"}"#, NativeError::WrongPassword),
            (401, r#"{"error":"code_used"}"#, NativeError::CodeUsed),
            (429, r#"{"error":"locked","retryAfterSeconds":31}"#, NativeError::Locked { wait }),
            (503, r#"{"error":"radius_silent"}"#, NativeError::RadiusSilent),
            (410, r#"{"error":"challenge_over"}"#, NativeError::Over),
            (403, r#"{"error":"app_sign_in_needed"}"#, NativeError::AppSignInNeeded),
            (401, r#"{"error":"unauthorized"}"#, SsoError::Unauthorized.into()),
            (401, r#"{"error":"invalid_client"}"#, SsoError::InvalidClient.into()),
            (409, r#"{"error":"not_needed"}"#, NativeError::NotNeeded),
            (404, "There is nothing here.", NativeError::NotOffered),
            (401, "<html>", Code::ServerError { host: "h".into(), status: 401 }.into()),
            (403, r#"{"error":"new_word"}"#, Code::ServerError { host: "h".into(), status: 403 }.into()),
        ] {
            assert_eq!(refusal(&answer(status, body)), expected, "{status} {body}");
        }
    }

    #[test]
    fn what_a_later_server_says_is_passed_over() {
        let body = r#"{"status":"secondFactor","signIn":"s","expiresAt":1800000000000,"later":1,"factors":[
            {"id":"face","kind":"face","names":[]},{"id":"keys","kind":"keys","names":["Blue key"]},
            {"id":"radius","kind":"radius","names":["Acme token"],"asks":{"message":"Code?","hidden":true,"x":1}}]}"#;
        let step: Stepped = serde_json::from_str(body).unwrap();
        let NativeStep::SecondFactor { factors, .. } = step.into_step(&answer(200, "")).unwrap() else {
            panic!("another step")
        };
        let asks = Some(Asks { message: "Code?".to_owned(), hidden: true });
        let radius = NativeFactor::Radius { id: "radius".into(), label: "Acme token".into(), asks };
        assert_eq!(factors, [NativeFactor::Keys { names: vec!["Blue key".to_owned()] }, radius]);
        let body = r#"{"status":"continueInBrowser","reason":"terms","url":"https://x.test"}"#;
        let step: Stepped = serde_json::from_str(body).unwrap();
        let step = step.into_step(&answer(200, "")).unwrap();
        assert!(matches!(
            step,
            NativeStep::ContinueInBrowser { reason: BrowserReason::Other, sign_in: None }
        ));
    }
}
