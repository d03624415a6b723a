//! From role credentials to a console: `getSigninToken`, then the `login` address made from it.

use super::http::{Answer, Http};
use crate::urls::{foreign, host_of, is_destination};
use engine::{
    model::{code::Code, organisation::Organisation, partition::Partition, secret::RoleCredentials},
    ports::{SecretUrl, SsoError},
};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

/// What the federation endpoint takes, seconds.
const SHORTEST: i64 = 900;
const LONGEST: i64 = 43_200;

#[derive(Deserialize)]
struct Token {
    #[serde(rename = "SigninToken")]
    signin_token: SecretString,
}

/// The address that opens a console. It carries a sign-in token good for 15 minutes.
pub(crate) async fn console_link(
    http: &Http,
    org: &Organisation,
    credentials: &RoleCredentials,
    destination: Option<&Url>,
) -> Result<SecretUrl, SsoError> {
    let destination = match destination {
        Some(url) if is_destination(url, org) => url.to_string(),
        Some(url) => return Err(SsoError::Other(foreign(url))),
        None => {
            let console = Partition::of_region(&org.region).map_or("console.aws.amazon.com", |p| p.console);
            format!("https://{console}/")
        }
    };
    let mut answer = signin_token(http, org, credentials, Some(duration(credentials))).await?;
    if answer.status.as_u16() == 400 {
        // Some durations are refused without a reason; without one the credentials' own life counts.
        answer = signin_token(http, org, credentials, None).await?;
    }
    let Token { signin_token } = answer.json()?;
    let mut url = org.endpoints.federation.clone();
    url.query_pairs_mut()
        .append_pair("Action", "login")
        .append_pair("Issuer", org.start_url.as_str())
        .append_pair("Destination", &destination)
        .append_pair("SigninToken", signin_token.expose_secret());
    Ok(SecretUrl { host: host_of(&url), url: String::from(url).into() })
}

/// By POST with a form: credentials in an address end up in logs.
async fn signin_token(
    http: &Http,
    org: &Organisation,
    credentials: &RoleCredentials,
    duration: Option<i64>,
) -> Result<Answer, SsoError> {
    let session = Zeroizing::new(
        serde_json::json!({
            "sessionId": credentials.access_key_id.expose_secret(),
            "sessionKey": credentials.secret_access_key.expose_secret(),
            "sessionToken": credentials.session_token.expose_secret(),
        })
        .to_string(),
    );
    let mut form = vec![("Action", "getSigninToken".to_owned())];
    form.extend(duration.map(|seconds| ("SessionDuration", seconds.to_string())));
    form.push(("Session", session.to_string()));
    let request = http.request(Method::POST, &org.endpoints.federation).map_err(SsoError::Other)?.form(&form);
    let answer = http.send(request).await.map_err(SsoError::Other)?;
    // 401 and 403 here speak of the role credentials, not of the sign-in, which must not end by them.
    if matches!(answer.status.as_u16(), 401 | 403) {
        return Err(SsoError::Other(match answer.skew {
            Some(seconds) => Code::ClockSkew { seconds },
            None => Code::ServerError { host: answer.host, status: answer.status.as_u16() },
        }));
    }
    Ok(answer)
}

/// As long as the role lets a session be, in whole quarters of an hour: odd numbers are refused at times.
fn duration(credentials: &RoleCredentials) -> i64 {
    let seconds = credentials.expires.as_second() - credentials.issued.as_second();
    ((seconds + SHORTEST / 2) / SHORTEST * SHORTEST).clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use engine::model::Timestamp;

    #[test]
    fn durations_are_whole_and_within_bounds() {
        let check = |seconds: i64, expect: i64| {
            let credentials = RoleCredentials {
                access_key_id: "ASIA".into(),
                secret_access_key: "s".into(),
                session_token: "t".into(),
                issued: Timestamp::UNIX_EPOCH,
                expires: Timestamp::from_second(seconds).unwrap(),
            };
            assert_eq!(duration(&credentials), expect, "{seconds}");
        };
        check(3600, 3600);
        check(3598, 3600);
        check(900, 900);
        check(10, 900);
        check(200_000, 43_200);
    }
}
