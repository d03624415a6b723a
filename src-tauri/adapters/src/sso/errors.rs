//! What a refusal means. AWS names it in the header `x-amzn-ErrorType`, in `__type` (portal) or in
//! `error` (SSO-OIDC); the status alone decides only where no name came.

use super::http::Answer;
use engine::{model::code::Code, ports::SsoError};
use serde::Deserialize;
use std::time::Duration;

#[derive(Deserialize, Default)]
struct Body {
    #[serde(rename = "__type")]
    kind: Option<String>,
    error: Option<String>,
    /// A `latchkey-server`'s own: where to ask a security key for the role.
    #[serde(rename = "stepUp")]
    step_up: Option<serde_json::Value>,
}

/// The refusal's name in the style of OAuth (`invalid_grant`) or of AWS without `Exception`
/// (`TooManyRequests`), whichever the server gave; AWS's own wins.
pub(crate) fn name(answer: &Answer) -> Option<String> {
    let body: Body = serde_json::from_slice(&answer.body).unwrap_or_default();
    let aws = answer.header("x-amzn-errortype").map(str::to_owned).or(body.kind);
    match aws {
        Some(name) => Some(bare(&name).to_owned()),
        None => body.error,
    }
}

/// `com.amazonaws.switchboard.portal#UnauthorizedException:http://…` is `Unauthorized`.
fn bare(name: &str) -> &str {
    let name = name.split(':').next().unwrap_or(name);
    let name = name.rsplit('#').next().unwrap_or(name);
    name.strip_suffix("Exception").unwrap_or(name)
}

/// What the engine has to know of an answer that is no success.
pub(crate) fn refusal(answer: &Answer) -> SsoError {
    let name = name(answer);
    if answer.status.as_u16() == 403 && asks_for_touch(answer) {
        return SsoError::StepUpNeeded;
    }
    match (name.as_deref(), answer.status.as_u16()) {
        (Some("InvalidClient" | "invalid_client" | "UnauthorizedClient" | "unauthorized_client"), _) => {
            SsoError::InvalidClient
        }
        (Some("InvalidGrant" | "invalid_grant" | "ExpiredToken" | "expired_token"), _) => {
            SsoError::InvalidGrant
        }
        (Some("AccessDenied" | "access_denied"), _) => SsoError::Other(Code::SignInDenied),
        (Some("TooManyRequests" | "SlowDown" | "slow_down"), _) | (_, 429) => {
            SsoError::Throttled { host: answer.host.clone(), retry_after: retry_after(answer) }
        }
        (Some("Unauthorized"), _) | (_, 401) => SsoError::Unauthorized,
        // A role that is still listed and not assigned any more comes as either.
        (Some("Forbidden" | "ResourceNotFound"), _) | (_, 403) => SsoError::Forbidden,
        _ => failure(answer),
    }
}

fn asks_for_touch(answer: &Answer) -> bool {
    serde_json::from_slice::<Body>(&answer.body).is_ok_and(|body| body.step_up.is_some())
}

/// As [`refusal`], of SSO-OIDC's token endpoint. It names what it refuses, and it knows neither a token of the
/// portal nor a role: a 401 or 403 without such a name is a gateway's, and says nothing of the sign-in.
pub(crate) fn token_refusal(answer: &Answer) -> SsoError {
    match refusal(answer) {
        SsoError::Unauthorized | SsoError::Forbidden => failure(answer),
        named => named,
    }
}

/// A refusal that means nothing in particular.
pub(crate) fn failure(answer: &Answer) -> SsoError {
    SsoError::Other(match answer.skew {
        Some(seconds) => Code::ClockSkew { seconds },
        None => Code::ServerError { host: answer.host.clone(), status: answer.status.as_u16() },
    })
}

/// `Retry-After` in seconds; the date form is not used by AWS.
fn retry_after(answer: &Answer) -> Option<Duration> {
    answer.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use reqwest::{StatusCode, header::HeaderMap};
    use zeroize::Zeroizing;

    fn answer(status: u16, header: Option<&'static str>, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(value) = header {
            headers.insert("x-amzn-ErrorType", value.parse().unwrap());
        }
        headers.insert("retry-after", "7".parse().unwrap());
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: Zeroizing::new(body.as_bytes().to_vec()),
            host: "h".into(),
            skew: None,
            ahead: 0,
        }
    }

    #[test]
    fn every_style_of_name_is_understood() {
        let throttled = SsoError::Throttled { host: "h".into(), retry_after: Some(Duration::from_secs(7)) };
        let portal = r#"{"message":"x","__type":"com.amazonaws.switchboard.portal#UnauthorizedException"}"#;
        let cases = [
            (401, None, portal, SsoError::Unauthorized),
            (401, Some("UnauthorizedException:http://internal/"), "{}", SsoError::Unauthorized),
            (403, None, r#"{"__type":"x#ForbiddenException","message":"No access"}"#, SsoError::Forbidden),
            (404, None, r#"{"__type":"x#ResourceNotFoundException"}"#, SsoError::Forbidden),
            (403, None, r#"{"__type":"x#ForbiddenException","stepUp":{}}"#, SsoError::StepUpNeeded),
            (429, None, r#"{"message":"HTTP 429 Unknown Code"}"#, throttled.clone()),
            (400, Some("SlowDownException:"), r#"{"error":"slow_down"}"#, throttled),
            (401, Some("InvalidClientException"), r#"{"error":"invalid_client"}"#, SsoError::InvalidClient),
            (400, None, r#"{"error":"invalid_grant"}"#, SsoError::InvalidGrant),
            (400, None, r#"{"error":"expired_token"}"#, SsoError::InvalidGrant),
            (400, None, r#"{"error":"access_denied"}"#, SsoError::Other(Code::SignInDenied)),
            (500, None, "<html>", SsoError::Other(Code::ServerError { host: "h".into(), status: 500 })),
        ];
        for (status, header, body, expect) in cases {
            assert_eq!(refusal(&answer(status, header, body)), expect, "{status} {header:?} {body}");
        }
    }

    #[test]
    fn a_wrong_clock_explains_what_nothing_else_does() {
        let mut failed = answer(400, None, r#"{"error":"invalid_request"}"#);
        failed.skew = Some(-660);
        assert_eq!(refusal(&failed), SsoError::Other(Code::ClockSkew { seconds: -660 }));
        let mut revoked = answer(401, None, "{}");
        revoked.skew = Some(-660);
        assert_eq!(refusal(&revoked), SsoError::Unauthorized, "the end of a sign-in must not be missed");
    }
}
