//! The way into AWS's console with credentials of a role (IAM User Guide, custom identity broker access to the console).

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::runtime::Handle;

use super::{Aws, AwsConfig, Failure};
use crate::{
    issuing::{IssuingError, RoleCredentials},
    secret::Token,
};

const DOING: &str = "signin:GetSigninToken";
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "SigninToken")]
    token: String,
}

/// Where sign-in tokens are given and taken (AWS General Reference, sign-in endpoints).
pub fn federation_url(config: &AwsConfig) -> String {
    if let Some(url) = &config.endpoint_url {
        return format!("{}/federation", url.as_str().trim_end_matches('/'));
    }
    let domain = match config.partition() {
        "aws-cn" => "amazonaws.cn",
        "aws-us-gov" => "amazonaws-us-gov.com",
        "aws-eusc" => "amazonaws-eusc.eu",
        _ => "aws.amazon.com",
    };
    format!("https://{}.signin.{domain}/federation", config.region)
}

/// The console's first page (AWS General Reference, console endpoints).
pub fn home(config: &AwsConfig) -> String {
    let domain = match config.partition() {
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        "aws-eusc" => "console.amazonaws-eusc.eu",
        _ => "console.aws.amazon.com",
    };
    format!("https://{}.{domain}/", config.region)
}

/// A sign-in token from role credentials.
///
/// # Errors
/// [`IssuingError`] if AWS gives none.
pub fn signin_token(aws: &Aws, credentials: &RoleCredentials) -> Result<Token, IssuingError> {
    let session = json!({
        "sessionId": credentials.access_key_id,
        "sessionKey": credentials.secret_access_key.expose(),
        "sessionToken": credentials.session_token.expose(),
    });
    // In the body, since addresses end up in logs. Without a duration, the session lives as long as the credentials.
    let form = [("Action", "getSigninToken"), ("Session", &session.to_string())];
    let asked = aws.http.post(federation_url(&aws.config)).form(&form).timeout(PATIENCE);
    let answered = async {
        let failed = |error: reqwest::Error| Failure {
            doing: DOING,
            code: error.status().map(|status| format!("HTTP {}", status.as_u16())).unwrap_or_default(),
            text: error.without_url().to_string(),
            is_passing: true,
        };
        let answer = asked.send().await.and_then(reqwest::Response::error_for_status).map_err(failed)?;
        answer.json::<Answer>().await.map_err(failed)
    };
    let wrong = |cause| IssuingError::new("get a sign-in token from AWS", cause);
    // This is a thread for blocking work: `Instance::run`.
    let runtime = Handle::try_current().map_err(|cause| IssuingError::new("reach AWS", cause))?;
    runtime
        .block_on(answered)
        .map(|answer| Token::new(answer.token))
        .map_err(|failure: Failure| wrong(failure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_its_sign_in_endpoint() {
        let of = |region: &str| {
            let config: AwsConfig = toml::from_str(&format!("region = \"{region}\"")).expect("it is whole");
            federation_url(&config)
        };
        assert_eq!(of("eu-central-1"), "https://eu-central-1.signin.aws.amazon.com/federation");
        assert_eq!(of("cn-north-1"), "https://cn-north-1.signin.amazonaws.cn/federation");
        assert_eq!(of("us-gov-west-1"), "https://us-gov-west-1.signin.amazonaws-us-gov.com/federation");
    }
}
