//! A user's attributes by their paths: what CreateUser and UpdateUser set and DescribeUser tells.

use serde_json::{Map, Value, json};

use super::{Kind, seconds};
use crate::{
    admin::{body::invalid, wire::AdminError},
    organisation::Profile,
    store::UserRecord,
};

/// SCIM's enterprise attributes, as the identity store has them.
pub const ENTERPRISE: &str = "aws:identitystore:enterprise";
const ENTERPRISE_FIELDS: [&str; 5] =
    ["employeeNumber", "costCenter", "organization", "division", "department"];
/// Names that AWS keeps for itself.
const RESERVED: [&str; 2] = ["administrator", "awsadministrators"];
const LONGEST: usize = 1024;

/// A path or member as attribute paths spell it, beginning in lower case.
pub fn camel(name: &str) -> String {
    name.split('.').map(|part| first(part, |c| c.to_ascii_lowercase())).collect::<Vec<_>>().join(".")
}

fn pascal(name: &str) -> String {
    first(name, |c| c.to_ascii_uppercase())
}

fn first(word: &str, change: impl Fn(char) -> char) -> String {
    let mut letters = word.chars();
    letters.next().map(change).into_iter().chain(letters).collect()
}

fn field<'p>(profile: &'p mut Profile, path: &str) -> Option<&'p mut Option<String>> {
    Some(match path {
        "name.familyName" => &mut profile.family_name,
        "name.givenName" => &mut profile.given_name,
        "name.middleName" => &mut profile.middle_name,
        "name.honorificPrefix" => &mut profile.honorific_prefix,
        "name.honorificSuffix" => &mut profile.honorific_suffix,
        "nickName" => &mut profile.nick_name,
        "profileUrl" => &mut profile.profile_url,
        "userType" => &mut profile.user_type,
        "title" => &mut profile.title,
        "preferredLanguage" => &mut profile.preferred_language,
        "locale" => &mut profile.locale,
        "timezone" => &mut profile.timezone,
        "aws:identitystore:enterprise.employeeNumber" => &mut profile.employee_number,
        "aws:identitystore:enterprise.costCenter" => &mut profile.cost_center,
        "aws:identitystore:enterprise.organization" => &mut profile.organization,
        "aws:identitystore:enterprise.division" => &mut profile.division,
        "aws:identitystore:enterprise.department" => &mut profile.department,
        "aws:identitystore:enterprise.manager.value" => &mut profile.manager,
        _ => return None,
    })
}

/// Sets an attribute, or takes it away.
///
/// # Errors
/// [`AdminError`] if there is no such attribute, or it cannot be that.
pub fn set(record: &mut UserRecord, path: &str, value: Option<&Value>) -> Result<(), AdminError> {
    let value = value.filter(|value| !value.is_null());
    match path {
        "userName" => {
            let name = text(path, value)?.unwrap_or_default().to_lowercase();
            check_username(&name)?;
            record.user.username = name;
        }
        "displayName" => {
            let name = text(path, value)?.filter(|name| !name.trim().is_empty());
            record.user.display_name = name.ok_or_else(|| required("displayName"))?;
        }
        "name" => {
            let members = object(path, value)?;
            let known =
                ["familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix", "formatted"];
            only(path, &members, &known)?;
            for name in known {
                set(record, &format!("name.{name}"), members.get(name))?;
            }
        }
        "name.formatted" | "website" | "birthdate" => keep(record, path, text(path, value)?.map(Value::from)),
        "emails" => {
            let email = single(path, value)?;
            let address = email.as_ref().and_then(|email| email.get("Value")).and_then(Value::as_str);
            set_email(record, address.unwrap_or_default())?;
            keep_rest(record, path, email);
        }
        "emails.value" => set_email(record, &text(path, value)?.unwrap_or_default())?,
        "phoneNumbers" => {
            let phone = single(path, value)?;
            let number = phone.as_ref().and_then(|phone| phone.get("Value")).and_then(Value::as_str);
            record.user.profile.phone = number.map(str::to_owned);
            keep_rest(record, path, phone);
        }
        "phoneNumbers.value" => record.user.profile.phone = text(path, value)?,
        "addresses" => {
            let known = ["StreetAddress", "Locality", "Region", "PostalCode", "Country", "Formatted"];
            let address = list(path, value, 1, &known)?;
            keep(record, path, address);
        }
        "roles" => {
            let roles = list(path, value, 1, &["Value"])?;
            keep(record, path, roles);
        }
        "photos" => {
            let photos = list(path, value, 3, &["Value", "Display"])?;
            keep(record, path, photos);
        }
        ENTERPRISE => {
            let members = object(path, value)?;
            let known = [&ENTERPRISE_FIELDS[..], &["manager"]].concat();
            only(path, &members, &known)?;
            for name in known {
                set(record, &format!("{ENTERPRISE}.{name}"), members.get(name))?;
            }
        }
        "aws:identitystore:enterprise.manager" => {
            let members = object(path, value)?;
            only(path, &members, &["value", "displayName", "$ref"])?;
            set(record, "aws:identitystore:enterprise.manager.value", members.get("value"))?;
        }
        _ => {
            let value = text(path, value)?;
            *field(&mut record.user.profile, path).ok_or_else(|| super::bad_path(path))? = value;
        }
    }
    Ok(())
}

fn required(path: &str) -> AdminError {
    AdminError::validation(format!("{path} is a required attribute"))
}

/// The role session name in STS: 2 to 64 characters (IAM User Guide, SAML assertions), so fewer than AWS's identity
/// store has.
fn check_username(name: &str) -> Result<(), AdminError> {
    if name.is_empty() {
        return Err(required("userName"));
    }
    let good = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    if !(2..=64).contains(&name.len()) || !name.bytes().all(good) {
        return Err(invalid("UserName", "Member must have 2 to 64 letters, digits or _+=,.@-"));
    }
    check_reserved("userName", name)
}

/// # Errors
/// [`AdminError`] if AWS keeps the name for itself.
pub fn check_reserved(attribute: &str, name: &str) -> Result<(), AdminError> {
    if RESERVED.contains(&name.to_lowercase().as_str()) {
        return Err(AdminError::validation(format!("{attribute} {name} is reserved.")));
    }
    Ok(())
}

fn set_email(record: &mut UserRecord, address: &str) -> Result<(), AdminError> {
    let parts = address.split_once('@');
    let good = parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && !address.contains(char::is_whitespace);
    if !(address.is_empty() || good) {
        return Err(invalid("emails.value", "Member must be an email address"));
    }
    if !record.user.email.eq_ignore_ascii_case(address) {
        // Another address has to be shown to be theirs anew.
        record.user.email_verified = false;
    }
    record.user.email = address.to_owned();
    Ok(())
}

/// Keeps what only the API has.
fn keep(record: &mut UserRecord, path: &str, value: Option<Value>) {
    match value {
        Some(value) => drop(record.more.insert(path.to_owned(), value)),
        None => drop(record.more.remove(path)),
    }
}

/// Type and whether it is the primary one.
fn keep_rest(record: &mut UserRecord, path: &str, members: Option<Map<String, Value>>) {
    let rest = members.map(|mut members| {
        members.remove("Value");
        Value::Object(members)
    });
    keep(record, path, rest);
}

/// A text of 1 to 1024 characters, without control characters but white space; an empty one is none.
fn text(path: &str, value: Option<&Value>) -> Result<Option<String>, AdminError> {
    let Some(value) = value else { return Ok(None) };
    let text = value.as_str().ok_or_else(|| invalid(path, "Member must be a string"))?;
    if text.chars().count() > LONGEST {
        return Err(invalid(path, "Member must have length less than or equal to 1024"));
    }
    if text.chars().any(|c| c.is_control() && !"\t\n\r".contains(c)) {
        return Err(super::super::body::pattern(path, "[\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}\\t\\n\\r  　]+"));
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

/// The members of a structure, beginning in lower case; nothing is an empty one.
fn object(path: &str, value: Option<&Value>) -> Result<Map<String, Value>, AdminError> {
    match value {
        None => Ok(Map::new()),
        Some(Value::Object(members)) => {
            Ok(members.iter().map(|(name, value)| (camel(name), value.clone())).collect())
        }
        Some(_) => Err(invalid(path, "Member must be a structure")),
    }
}

fn only(path: &str, members: &Map<String, Value>, known: &[&str]) -> Result<(), AdminError> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(super::bad_path(&format!("{path}.{name}"))),
        None => Ok(()),
    }
}

/// A list of structures as they are kept, each with texts, a type and whether it is the primary one.
fn list(path: &str, value: Option<&Value>, most: usize, known: &[&str]) -> Result<Option<Value>, AdminError> {
    let Some(value) = value else { return Ok(None) };
    let members = value.as_array().ok_or_else(|| invalid(path, "Member must be a list"))?;
    if members.len() > most {
        return Err(invalid(path, format!("Member must have length less than or equal to {most}")));
    }
    let mut kept = Vec::new();
    for member in members {
        let mut written = Map::new();
        for (name, value) in object(path, Some(member))? {
            let name = pascal(&name);
            let whole = format!("{path}.{name}");
            let value = match name.as_str() {
                "Primary" => value.as_bool().map(Value::from).ok_or_else(AdminError::wrong_type)?,
                "Type" => json!(text(&whole, Some(&value))?),
                _ if known.contains(&name.as_str()) => json!(text(&whole, Some(&value))?),
                _ => return Err(super::bad_path(&whole)),
            };
            if !value.is_null() {
                written.insert(name, value);
            }
        }
        kept.push(Value::Object(written));
    }
    Ok(Some(Value::Array(kept)).filter(|_| !members.is_empty()))
}

/// The only member of a list of those.
fn single(path: &str, value: Option<&Value>) -> Result<Option<Map<String, Value>>, AdminError> {
    let kept = list(path, value, 1, &["Value"])?;
    Ok(kept.and_then(|kept| kept.get(0).and_then(Value::as_object).cloned()))
}

/// What the API tells of a user; `extensions` names those that are asked for.
pub fn written(store: &str, record: &UserRecord, extensions: &[Value]) -> Value {
    let UserRecord { user, more, revision } = record;
    let profile = &user.profile;
    let mut name = Map::new();
    for (member, value) in [
        ("FamilyName", Some(user.family_name()).filter(|name| !name.is_empty()).map(str::to_owned)),
        ("GivenName", Some(user.given_name().to_owned())),
        ("MiddleName", profile.middle_name.clone()),
        ("HonorificPrefix", profile.honorific_prefix.clone()),
        ("HonorificSuffix", profile.honorific_suffix.clone()),
        ("Formatted", more.get("name.formatted").and_then(Value::as_str).map(str::to_owned)),
    ] {
        if let Some(value) = value {
            name.insert(member.to_owned(), json!(value));
        }
    }
    let mut written = json!({
        "IdentityStoreId": store,
        "UserId": user.id,
        "UserArn": Kind::User.arn(&user.id),
        "Revision": revision.to_string(),
        "UserName": user.username,
        "Name": name,
        "DisplayName": user.display_name,
        "UserStatus": if user.enabled { "ENABLED" } else { "DISABLED" },
        "CreatedAt": seconds(user.created),
        "UpdatedAt": seconds(user.updated),
    });
    for (member, value) in [
        ("NickName", &profile.nick_name),
        ("ProfileUrl", &profile.profile_url),
        ("UserType", &profile.user_type),
        ("Title", &profile.title),
        ("PreferredLanguage", &profile.preferred_language),
        ("Locale", &profile.locale),
        ("Timezone", &profile.timezone),
    ] {
        if let Some(value) = value {
            written[member] = json!(value);
        }
    }
    for path in ["addresses", "photos", "roles", "website", "birthdate"] {
        if let Some(value) = more.get(path) {
            written[pascal(path)] = value.clone();
        }
    }
    let with_rest = |path: &str, value: &str| {
        let rest = more.get(path).cloned().filter(Value::is_object);
        let mut whole = rest.unwrap_or_else(|| json!({ "Type": "work", "Primary": true }));
        whole["Value"] = json!(value);
        json!([whole])
    };
    if !user.email.is_empty() {
        written["Emails"] = with_rest("emails", &user.email);
    }
    if let Some(phone) = &profile.phone {
        written["PhoneNumbers"] = with_rest("phoneNumbers", phone);
    }
    if extensions.iter().any(|asked| asked == ENTERPRISE)
        && let Some(enterprise) = enterprise(profile)
    {
        written["Extensions"] = json!({ ENTERPRISE: enterprise });
    }
    written
}

fn enterprise(profile: &Profile) -> Option<Value> {
    let values = [
        &profile.employee_number,
        &profile.cost_center,
        &profile.organization,
        &profile.division,
        &profile.department,
    ];
    let mut written: Map<String, Value> = ENTERPRISE_FIELDS
        .into_iter()
        .zip(values)
        .filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))))
        .collect();
    if let Some(manager) = &profile.manager {
        written.insert("manager".to_owned(), json!({ "value": manager }));
    }
    (!written.is_empty()).then_some(written.into())
}
