//! Administrators' keys: `AKIA…`, and a secret that is derived from the instance's key as those of role
//! credentials are. SigV4 needs the secret itself; so it is nowhere to be stolen, sealed or not, and whoever has
//! the instance's key has everything anyway.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    audit::{self, Event, Place},
    chance::Chance,
    secret::{InstanceKey, Token},
    store::{AdministratorKey, Store, StoreError},
};

/// The secret half.
pub fn secret_access_key(key: &InstanceKey, access_key_id: &str) -> Token {
    let bytes = key.derive("administrator secret access key", &[access_key_id]);
    Token::new(BASE64_STANDARD.encode(&bytes[..30]))
}

/// Makes a key.
///
/// # Errors
/// [`StoreError`] if it cannot be kept.
pub fn create(
    store: &Store,
    chance: &Chance,
    place: Place<'_>,
    name: &str,
    now: Timestamp,
) -> Result<(AdministratorKey, Token), StoreError> {
    let key = AdministratorKey {
        access_key_id: chance.administrator_key_id(),
        name: name.to_owned(),
        created: now,
        disabled: None,
    };
    let entry = event(place, chance, "CreateAccessKey", &key.access_key_id, Some(name), now);
    store.add_administrator_key(&key, &entry)?;
    let secret = secret_access_key(place.key, &key.access_key_id);
    Ok((key, secret))
}

/// Makes a key good for nothing; `Ok(false)` if there is none that works.
///
/// # Errors
/// [`StoreError`] if a statement fails.
pub fn disable(
    store: &Store,
    chance: &Chance,
    place: Place<'_>,
    access_key_id: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let entry = event(place, chance, "UpdateAccessKey", access_key_id, None, now);
    store.disable_administrator_key(access_key_id, now, &entry)
}

fn event(
    place: Place<'_>,
    chance: &Chance,
    name: &str,
    access_key_id: &str,
    user_name: Option<&str>,
    now: Timestamp,
) -> crate::store::AuditEntry {
    let event = Event {
        source: audit::IAM,
        name,
        request: json!({ "userName": user_name, "status": user_name.is_none().then_some("Inactive") }),
        details: json!({ "access_key_id": access_key_id }),
        ..Event::default()
    };
    place.entry(&event, None, &chance.event_id(now), now)
}
