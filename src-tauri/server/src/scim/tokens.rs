//! Access tokens of provisioning: shown once, good for a year, two at a time so that one can follow the other.

use jiff::SignedDuration;
use serde_json::json;

use crate::{
    audit::{self, Event},
    domain::sign_in_session::SignInSession,
    instance::Instance,
    organisation::User,
    secret::Token,
    store::{AuditEntry, NoToken, ScimToken, StoreError},
};

/// As AWS's (IAM Identity Center User Guide, access tokens of automatic provisioning).
const LENGTH: SignedDuration = SignedDuration::from_hours(24 * 365);
/// As AWS has it: one that is used and one that takes its place.
pub const MOST: i64 = 2;
/// How long before its end it is time for another one.
pub const ENDS_SOON: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Makes a token, or says why there is none.
///
/// # Errors
/// [`StoreError`] if it cannot be kept.
pub fn create(
    instance: &Instance,
    by: (&User, &SignInSession),
) -> Result<Result<(ScimToken, Token), NoToken>, StoreError> {
    let (now, secret) = (instance.now(), instance.chance.token());
    let token = ScimToken {
        id: instance.chance.uuid(),
        created: now,
        ends: now.checked_add(LENGTH).unwrap_or(now),
        revoked: None,
        last_used: None,
    };
    let entry = entry(instance, "CreateBearerToken", &token.id, by);
    let kept = instance.store.add_scim_token(&token, secret.digest(), MOST, &entry)?;
    Ok(kept.map(|()| (token, secret)))
}

/// Makes a token good for nothing from now on; `false` if there is none that works.
///
/// # Errors
/// [`StoreError`] if that cannot be kept.
pub fn revoke(instance: &Instance, id: &str, by: (&User, &SignInSession)) -> Result<bool, StoreError> {
    let entry = entry(instance, "DeleteBearerToken", id, by);
    instance.store.revoke_scim_token(id, instance.now(), &entry)
}

fn entry(instance: &Instance, name: &str, id: &str, (user, session): (&User, &SignInSession)) -> AuditEntry {
    instance.entry(&Event {
        source: audit::DIRECTORY,
        name,
        user: Some(user),
        session: Some(session),
        details: json!({ "tokenId": id }),
        ..Event::default()
    })
}
