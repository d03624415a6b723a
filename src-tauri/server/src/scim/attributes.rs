//! The attributes of users: which there are, what a provider may send for them, and what of it is kept. AWS keeps
//! one value of each that could have several.

use serde_json::{Map, Value, json};

use super::{
    path::ENTERPRISE,
    wire::{Kind, ScimError},
};

/// An object of attributes.
pub type Attributes = Map<String, Value>;

/// What an attribute looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// Yes or no.
    Flag,
    /// An object of texts.
    Object(&'static [&'static str]),
    /// A list of objects of texts, of which one is kept.
    List(&'static [&'static str]),
}

/// The parts of a name.
pub const NAME: &[&str] =
    &["formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"];
const VALUE: &[&str] = &["value", "type", "primary"];
/// The parts of an address.
pub const ADDRESS: &[&str] =
    &["formatted", "streetAddress", "locality", "region", "postalCode", "country", "type", "primary"];

/// Those of the core schema, but ids and what the server makes.
pub const CORE: [(&str, Shape); 15] = [
    ("userName", Shape::Text),
    ("externalId", Shape::Text),
    ("name", Shape::Object(NAME)),
    ("displayName", Shape::Text),
    ("nickName", Shape::Text),
    ("profileUrl", Shape::Text),
    ("emails", Shape::List(VALUE)),
    ("addresses", Shape::List(ADDRESS)),
    ("phoneNumbers", Shape::List(VALUE)),
    ("userType", Shape::Text),
    ("title", Shape::Text),
    ("preferredLanguage", Shape::Text),
    ("locale", Shape::Text),
    ("timezone", Shape::Text),
    ("active", Shape::Flag),
];

/// Those of the enterprise extension.
pub const EXTENSION: [(&str, Shape); 6] = [
    ("employeeNumber", Shape::Text),
    ("costCenter", Shape::Text),
    ("organization", Shape::Text),
    ("division", Shape::Text),
    ("department", Shape::Text),
    ("manager", Shape::Object(&["value"])),
];

/// The attribute of that name, in any case.
pub fn known(extension: bool, name: &str) -> Option<(&'static str, Shape)> {
    let all: &[(&'static str, Shape)] = if extension { &EXTENSION } else { &CORE };
    all.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).copied()
}

/// The part of that name, in any case.
pub fn part(shape: Shape, name: &str) -> Option<&'static str> {
    let (Shape::Object(parts) | Shape::List(parts)) = shape else { return None };
    parts.iter().find(|known| known.eq_ignore_ascii_case(name)).copied()
}

/// A member in any case.
pub fn member<'v>(of: &'v Attributes, name: &str) -> Option<&'v Value> {
    of.get(name).or_else(|| {
        let found = of.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    })
}

/// What is kept of a value; none for one that is empty.
///
/// # Errors
/// `invalidValue` if the attribute cannot be that.
pub fn clean(name: &str, shape: Shape, value: &Value) -> Result<Option<Value>, ScimError> {
    let wrong = |what: &str| ScimError::value(format!("{name} must be {what}."));
    match (shape, value) {
        (_, Value::Null) => Ok(None),
        // Entra sends some single values so.
        (Shape::Text | Shape::Flag, Value::Array(values)) if values.len() == 1 => {
            clean(name, shape, values[0].get("value").unwrap_or(&values[0]))
        }
        (Shape::Text, Value::String(text)) => {
            Ok(Some(text).filter(|text| !text.is_empty()).map(|text| json!(text)))
        }
        (Shape::Text, _) => Err(wrong("a string")),
        (Shape::Flag, Value::Bool(flag)) => Ok(Some(json!(flag))),
        // Entra sends "True" and "False".
        (Shape::Flag, Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(json!(true))),
        (Shape::Flag, Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(json!(false))),
        (Shape::Flag, _) => Err(wrong("true or false")),
        // Entra sends the manager as a bare id.
        (Shape::Object(parts), Value::String(text)) if parts == ["value"] => {
            Ok(Some(text).filter(|text| !text.is_empty()).map(|text| json!({ "value": text })))
        }
        (Shape::Object(parts), Value::Object(members)) => object(name, parts, members),
        (Shape::Object(_), _) => Err(wrong("an object")),
        (Shape::List(parts), Value::Object(members)) => {
            Ok(object(name, parts, members)?.map(|one| json!([one])))
        }
        (Shape::List(parts), Value::Array(values)) => {
            if values.len() > 1 {
                return Err(ScimError::value(format!("{name} can have one value.")));
            }
            match values.first() {
                None => Ok(None),
                Some(Value::Object(members)) => Ok(object(name, parts, members)?.map(|one| json!([one]))),
                Some(_) => Err(wrong("a list of objects")),
            }
        }
        (Shape::List(_), _) => Err(wrong("a list of objects")),
    }
}

fn object(
    name: &str,
    parts: &'static [&'static str],
    members: &Attributes,
) -> Result<Option<Value>, ScimError> {
    let mut kept = Attributes::new();
    for part in parts {
        let Some(value) = member(members, part) else { continue };
        let shape = if *part == "primary" { Shape::Flag } else { Shape::Text };
        if let Some(value) = clean(&format!("{name}.{part}"), shape, value)? {
            kept.insert((*part).to_owned(), value);
        }
    }
    Ok((!kept.is_empty()).then_some(Value::Object(kept)))
}

/// What is kept of a user as it is sent whole. What is not known here is not kept (RFC 7644 §3.3).
///
/// # Errors
/// [`ScimError`] if something cannot be that, or something is missing that AWS demands.
pub fn read(body: &Value) -> Result<Attributes, ScimError> {
    let body =
        body.as_object().ok_or_else(|| ScimError::bad(Kind::InvalidSyntax, "The body is no object."))?;
    let mut read = take(false, body)?;
    if let Some(Value::Object(extension)) = member(body, ENTERPRISE) {
        let extension = take(true, extension)?;
        if !extension.is_empty() {
            read.insert(ENTERPRISE.to_owned(), Value::Object(extension));
        }
    }
    for (attribute, part) in
        [("userName", None), ("displayName", None), ("name", Some("givenName")), ("name", Some("familyName"))]
    {
        let value = read.get(attribute);
        let value = part.map_or(value, |part| value.and_then(|value| value.get(part)));
        if value.and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()) {
            let path = part.map_or(attribute.to_owned(), |part| format!("{attribute}.{part}"));
            return Err(ScimError::value(format!("{path} is required.")));
        }
    }
    Ok(read)
}

fn take(extension: bool, from: &Attributes) -> Result<Attributes, ScimError> {
    let mut taken = Attributes::new();
    for (name, value) in from {
        let Some((name, shape)) = known(extension, name) else { continue };
        if let Some(value) = clean(name, shape, value)? {
            taken.insert(name.to_owned(), value);
        }
    }
    Ok(taken)
}
