//! Permission sets themselves.

pub mod create_permission_set;
pub mod delete_permission_set;
pub mod describe_permission_set;
pub mod list_permission_sets;
pub mod update_permission_set;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::seconds;
use crate::{
    admin::{
        body::{self, Body, invalid, missing},
        wire::AdminError,
    },
    organisation::PermissionSet,
};

/// `Name`
///
/// # Errors
/// [`AdminError`] if it is missing or cannot be one.
pub fn name<'v>(body: Body<'v>) -> Result<&'v str, AdminError> {
    let name = body.sized("Name", 1..=32)?.ok_or_else(|| missing("Name"))?;
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b)) {
        return Err(body::pattern("Name", "[\\w+=,.@-]+"));
    }
    Ok(name)
}

fn written(set: &PermissionSet) -> Value {
    let mut written = json!({
        "Name": set.name,
        "PermissionSetArn": set.arn,
        "CreatedDate": seconds(set.created),
        "SessionDuration": set.session_duration.to_string(),
    });
    if !set.description.is_empty() {
        written["Description"] = json!(set.description);
    }
    if let Some(state) = &set.relay_state {
        written["RelayState"] = json!(state);
    }
    written
}

/// `Description`, `SessionDuration` and `RelayState`, where they are given.
///
/// # Errors
/// [`AdminError`] if one cannot be that.
pub fn change(set: &mut PermissionSet, body: Body<'_>) -> Result<(), AdminError> {
    if let Some(text) = body.sized("Description", 1..=700)? {
        let good =
            |c: char| "\t\n\r".contains(c) || (' '..='~').contains(&c) || ('\u{a1}'..='\u{ff}').contains(&c);
        if !text.chars().all(good) {
            return Err(body::pattern(
                "Description",
                "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*",
            ));
        }
        set.description = text.to_owned();
    }
    if let Some(text) = body.sized("SessionDuration", 1..=100)? {
        let hours = SignedDuration::from_hours(1)..=SignedDuration::from_hours(12);
        // The library reads friendlier forms, too.
        let length = Some(text).filter(|text| text.starts_with('P')).and_then(|text| text.parse().ok());
        let length = length.filter(|length: &SignedDuration| hours.contains(length));
        set.session_duration = length.ok_or_else(|| {
            invalid("SessionDuration", "Member must be an ISO 8601 duration from PT1H to PT12H")
        })?;
    }
    if let Some(text) = body.sized("RelayState", 1..=240)? {
        let good = |c: char| c.is_ascii_alphanumeric() || "&$@#\\/%?=~-_'\"|!:,.;*+[] (){}".contains(c);
        if !text.chars().all(good) {
            return Err(body::pattern(
                "RelayState",
                "[a-zA-Z0-9&$@#\\\\\\/%?=~\\-_'\"|!:,.;*+\\[\\]\\ \\(\\)\\{\\}]+",
            ));
        }
        set.relay_state = Some(text.to_owned());
    }
    Ok(())
}
