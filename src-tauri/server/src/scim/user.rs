//! A user as provisioning tells them, and what a provider's attributes change in the identity store.

use serde_json::{Value, json};

use super::{
    Call,
    attributes::{Attributes, CORE, NAME},
    path::{ENTERPRISE, USER},
    wire::ScimError,
};
use crate::{
    admin::{ENTERPRISE as STORED_ENTERPRISE, set_attribute},
    store::ProvisionedUser,
};

/// The user as events and the rest of the identity store's API spell the extension.
const STORED: &str = STORED_ENTERPRISE;

/// A user's attributes, without ids and what the server makes.
pub fn attributes(user: &ProvisionedUser) -> Attributes {
    let ProvisionedUser { record, external_id } = user;
    let (user, more) = (&record.user, &record.more);
    let profile = &user.profile;
    let mut written = Attributes::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            written.insert(name.to_owned(), value);
        }
    };
    let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
    put("userName", Some(json!(user.username)));
    put("externalId", text(external_id));
    let parts = [
        more.get("name.formatted").cloned(),
        Some(user.family_name()).filter(|name| !name.is_empty()).map(|name| json!(name)),
        Some(user.given_name()).filter(|name| !name.is_empty()).map(|name| json!(name)),
        text(&profile.middle_name),
        text(&profile.honorific_prefix),
        text(&profile.honorific_suffix),
    ];
    let name: Attributes =
        NAME.iter().zip(parts).filter_map(|(part, value)| Some(((*part).to_owned(), value?))).collect();
    put("name", (!name.is_empty()).then_some(Value::Object(name)));
    put("displayName", Some(json!(user.display_name)));
    put("nickName", text(&profile.nick_name));
    put("profileUrl", text(&profile.profile_url));
    let with_rest = |path: &str, value: &str| {
        let mut whole = json!({ "value": value });
        match more.get(path).and_then(Value::as_object) {
            Some(rest) => rest.iter().for_each(|(part, value)| whole[camel(part)] = value.clone()),
            None => {
                whole["type"] = json!("work");
                whole["primary"] = json!(true);
            }
        }
        json!([whole])
    };
    put("emails", (!user.email.is_empty()).then(|| with_rest("emails", &user.email)));
    let addresses = more.get("addresses").and_then(Value::as_array).map(|listed| {
        let parts = |address: &Value| -> Value {
            let parts = address.as_object().into_iter().flatten();
            parts.map(|(part, value)| (camel(part), value.clone())).collect::<Attributes>().into()
        };
        listed.iter().map(parts).collect::<Vec<_>>()
    });
    put("addresses", addresses.map(Value::from));
    put("phoneNumbers", profile.phone.as_ref().map(|phone| with_rest("phoneNumbers", phone)));
    put("userType", text(&profile.user_type));
    put("title", text(&profile.title));
    put("preferredLanguage", text(&profile.preferred_language));
    put("locale", text(&profile.locale));
    put("timezone", text(&profile.timezone));
    put("active", Some(json!(user.enabled)));
    let extension: Attributes = [
        ("employeeNumber", text(&profile.employee_number)),
        ("costCenter", text(&profile.cost_center)),
        ("organization", text(&profile.organization)),
        ("division", text(&profile.division)),
        ("department", text(&profile.department)),
        ("manager", profile.manager.as_ref().map(|manager| json!({ "value": manager }))),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect();
    put(ENTERPRISE, (!extension.is_empty()).then_some(Value::Object(extension)));
    written
}

/// A name of the identity store's API as SCIM spells it.
fn camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// Changes the record so that the user has these attributes; what is as before is left alone.
///
/// # Errors
/// [`ScimError`] if the identity store does not take one.
pub fn change(user: &mut ProvisionedUser, to: &Attributes) -> Result<(), ScimError> {
    let before = attributes(user);
    // Names that were never said are read out of the display name: another one must not change what is said of them now.
    let is_called_otherwise = to.get("displayName") != before.get("displayName");
    for (name, _) in CORE {
        let value = to.get(name);
        if value == before.get(name) && !(name == "name" && is_called_otherwise) {
            continue;
        }
        match name {
            "externalId" => {
                let id = value.and_then(Value::as_str).map(str::to_owned);
                if id.as_ref().is_some_and(|id| id.chars().count() > 256) {
                    return Err(ScimError::value("externalId can have 256 characters."));
                }
                user.external_id = id;
            }
            "active" => {
                user.record.user.enabled = value.and_then(Value::as_bool).unwrap_or(user.record.user.enabled);
            }
            _ => set_attribute(&mut user.record, name, value)?,
        }
    }
    if to.get(ENTERPRISE) != before.get(ENTERPRISE) {
        set_attribute(&mut user.record, STORED, to.get(ENTERPRISE))?;
    }
    Ok(())
}

/// The whole resource.
pub fn written(call: &Call<'_>, user: &ProvisionedUser) -> Value {
    let inner = &user.record.user;
    let mut written = attributes(user);
    let schemas = if written.contains_key(ENTERPRISE) { json!([USER, ENTERPRISE]) } else { json!([USER]) };
    written.insert("schemas".to_owned(), schemas);
    written.insert("id".to_owned(), json!(inner.id));
    written.insert("meta".to_owned(), call.meta("User", "Users", &inner.id, inner.created, inner.updated));
    Value::Object(written)
}
