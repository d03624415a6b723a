//! `Action=getSigninToken` (IAM User Guide, custom identity broker).

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::json;
use subtle::ConstantTimeEq;

use super::keep_token;
use crate::{
    audit::{self, Event},
    fields::Fields,
    instance::Instance,
    issuing::IssuingError,
    secret::{Digest, Token},
    store::IssuedKey,
};

/// The role credentials, as the parameter `Session` carries them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    session_id: String,
    session_key: String,
    session_token: String,
}

/// Answers with `{"SigninToken"}`, or 400 as AWS does, which does not say more either: so for a console that
/// would outlast the role's session duration.
pub fn get_signin_token(instance: &Instance, fields: &Fields) -> Response {
    let invalid =
        |what: &str| (StatusCode::BAD_REQUEST, format!("Invalid {what} parameter\n")).into_response();
    let duration = match fields.get("SessionDuration").map(str::parse::<i64>) {
        None => None,
        Some(Ok(seconds)) if (900..=43200).contains(&seconds) => Some(SignedDuration::from_secs(seconds)),
        Some(_) => return invalid("SessionDuration"),
    };
    let session = fields.get("Session").and_then(|json| serde_json::from_str::<Session>(json).ok());
    let Some(session) = session else { return invalid("Session") };
    let outcome = check(instance, &session).and_then(|key| {
        let Some(key) = key else { return Ok(None) };
        // A console of a role that was assumed ends with its credentials (IAM User Guide, role chaining).
        let limit = match key.assumed {
            Some(_) => None,
            None => instance
                .store
                .permission_set_by_name(&key.permission_set)
                .map_err(|cause| IssuingError::new("find a permission set", cause))?,
        };
        if duration.is_some_and(|duration| limit.as_ref().is_none_or(|set| duration > set.session_duration)) {
            return Ok(None);
        }
        let now = instance.now();
        let ends = duration.and_then(|duration| now.checked_add(duration).ok()).unwrap_or(key.ends);
        let user = instance.user(&key.user_id).map_err(|cause| IssuingError::new("find a person", cause))?;
        // Whoever was disabled since keeps the credentials until they end, and gets no console of them.
        let Some(user) = user else { return Ok(None) };
        instance
            .record(&Event {
                source: audit::SIGNIN,
                name: "GetSigninToken",
                user: Some(&user),
                details: json!({ "account_id": key.account_id, "role_name": key.permission_set }),
                ..Event::default()
            })
            .map_err(|cause| IssuingError::new("record a sign-in token", cause))?;
        keep_token(instance, key.access_key_id, ends).map(Some)
    });
    match outcome {
        Ok(Some(token)) => Json(json!({ "SigninToken": token.expose() })).into_response(),
        Ok(None) => invalid("credentials"),
        Err(error) => {
            tracing::error!(%error, "getSigninToken failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The key behind live and genuine credentials.
fn check(instance: &Instance, session: &Session) -> Result<Option<IssuedKey>, IssuingError> {
    let presented = Digest::of(&session.session_key);
    let same = |secret: &Token| secret.digest().as_bytes().ct_eq(presented.as_bytes()).into();
    let genuine = |key: &IssuedKey| instance.now() < key.ends && instance.issuer.secret_passes(key, &same);
    Ok(instance.issuer.find_presented(&session.session_id, &session.session_token)?.filter(genuine))
}
