//! PATCH of a user (RFC 7644 §3.5.2), in the forms that Okta, Entra, OneLogin and PingFederate send: with a path and
//! without, paths as members of a value without a path, values that are picked by their type.

use serde_json::{Value, json};

use super::{
    attributes::{Attributes, Shape, clean, known, member, part},
    path::{Condition, ENTERPRISE, Path, short},
    wire::{Kind, ScimError},
};

/// More than any provider sends at once.
const MOST: usize = 100;
/// What AWS does not let go.
const KEPT: [&str; 3] = ["userName", "displayName", "active"];
const KEPT_OF_NAMES: [&str; 2] = ["givenName", "familyName"];
/// What the server makes; providers send some of it back.
const MADE_HERE: [&str; 4] = ["schemas", "id", "meta", "groups"];

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `add`
    Add,
    /// `replace`
    Replace,
    /// `remove`
    Remove,
}

/// One operation.
#[derive(Debug)]
pub struct Operation<'b> {
    /// What is done.
    pub verb: Verb,
    /// To what; none for what the value names.
    pub path: Option<&'b str>,
    /// With what.
    pub value: Option<&'b Value>,
}

/// The operations of a body.
///
/// # Errors
/// `invalidSyntax` if it has none.
pub fn operations(body: &Value) -> Result<Vec<Operation<'_>>, ScimError> {
    let wrong = |words: &str| ScimError::bad(Kind::InvalidSyntax, words);
    let listed = body.as_object().and_then(|body| member(body, "Operations")).and_then(Value::as_array);
    let listed =
        listed.filter(|listed| !listed.is_empty()).ok_or_else(|| wrong("Operations are missing."))?;
    if listed.len() > MOST {
        return Err(ScimError::bad(Kind::TooMany, "A request can have 100 operations."));
    }
    listed
        .iter()
        .map(|operation| {
            let operation = operation.as_object().ok_or_else(|| wrong("An operation is no object."))?;
            let verb = member(operation, "op").and_then(Value::as_str).unwrap_or_default();
            let verb = match verb.to_ascii_lowercase().as_str() {
                "add" => Verb::Add,
                "replace" => Verb::Replace,
                "remove" => Verb::Remove,
                _ => return Err(wrong("op must be add, replace or remove.")),
            };
            let path = member(operation, "path").and_then(Value::as_str).filter(|path| !path.is_empty());
            let value = member(operation, "value");
            if verb == Verb::Remove && path.is_none() {
                return Err(ScimError::bad(Kind::NoTarget, "remove needs a path."));
            }
            if verb != Verb::Remove && value.is_none() {
                return Err(wrong("add and replace need a value."));
            }
            Ok(Operation { verb, path, value })
        })
        .collect()
}

/// Does all operations to a user's attributes.
///
/// # Errors
/// [`ScimError`] of the first that cannot be done; then the attributes are good for nothing.
pub fn patch(user: &mut Attributes, body: &Value) -> Result<(), ScimError> {
    for Operation { verb, path, value } in operations(body)? {
        match (path, value) {
            (Some(path), value) => {
                let path = Path::read(path)?;
                if path.attribute.as_deref().is_some_and(is_made_here) {
                    return Err(ScimError::bad(Kind::Mutability, "The attribute is made by the server."));
                }
                if !one(user, verb, &path, value.unwrap_or(&Value::Null))? {
                    let name = path.attribute.as_deref().map(short).unwrap_or_default();
                    let words = format!("The attribute {name} is not supported.");
                    return Err(ScimError::bad(Kind::InvalidPath, words));
                }
            }
            (None, Some(Value::Object(members))) => {
                for (name, value) in members.iter().filter(|(name, _)| !is_made_here(name)) {
                    // What is not known here is not kept.
                    one(user, verb, &Path::read(name)?, value)?;
                }
            }
            (None, _) => return Err(ScimError::value("Without a path the value must be an object.")),
        }
    }
    Ok(())
}

fn is_made_here(name: &str) -> bool {
    MADE_HERE.iter().any(|made| made.eq_ignore_ascii_case(name))
}

/// Does one thing; `false` if there is no such attribute.
fn one(user: &mut Attributes, verb: Verb, path: &Path, value: &Value) -> Result<bool, ScimError> {
    let Some(name) = &path.attribute else {
        match (verb, value) {
            (Verb::Remove, _) | (_, Value::Null) => drop(user.remove(ENTERPRISE)),
            (_, Value::Object(members)) => {
                for (name, value) in members {
                    let path = Path { extension: true, ..Path::read(name)? };
                    one(user, verb, &path, value)?;
                }
            }
            _ => return Err(ScimError::value("The extension must be an object.")),
        }
        return Ok(true);
    };
    let Some((name, shape)) = known(path.extension, name) else { return Ok(false) };
    let sub = match &path.sub {
        None => None,
        Some(sub) => match part(shape, sub) {
            Some(sub) => Some(sub),
            None => return Ok(false),
        },
    };
    if path.filter.is_some() && !matches!(shape, Shape::List(_)) {
        return Err(ScimError::bad(Kind::InvalidPath, format!("{name} has one value only.")));
    }
    let whole = Whole { name, shape, sub, filter: path.filter.as_deref() };
    let home = if path.extension {
        let extension = user.entry(ENTERPRISE).or_insert_with(|| json!({}));
        extension.as_object_mut().ok_or_else(|| ScimError::value("The extension must be an object."))?
    } else {
        &mut *user
    };
    match whole.cleaned(value)? {
        Some(value) if verb != Verb::Remove => whole.set(home, verb, value)?,
        _ => whole.remove(home, path.extension)?,
    }
    if user.get(ENTERPRISE).and_then(Value::as_object).is_some_and(Attributes::is_empty) {
        user.remove(ENTERPRISE);
    }
    Ok(true)
}

/// An attribute, or a part of it.
struct Whole<'p> {
    name: &'static str,
    shape: Shape,
    sub: Option<&'static str>,
    filter: Option<&'p [Condition]>,
}

impl Whole<'_> {
    fn cleaned(&self, value: &Value) -> Result<Option<Value>, ScimError> {
        match self.sub {
            Some(sub) => {
                let shape = if sub == "primary" { Shape::Flag } else { Shape::Text };
                clean(&format!("{}.{sub}", self.name), shape, value)
            }
            None => clean(self.name, self.shape, value),
        }
    }

    fn set(&self, home: &mut Attributes, verb: Verb, value: Value) -> Result<(), ScimError> {
        match (self.shape, self.sub) {
            (Shape::Text | Shape::Flag, _) => drop(home.insert(self.name.to_owned(), value)),
            (Shape::Object(_), sub) => {
                let there = home.entry(self.name).or_insert_with(|| json!({}));
                match (sub, value) {
                    (Some(sub), value) => there[sub] = value,
                    // What is not named stays.
                    (None, Value::Object(parts)) => {
                        parts.into_iter().for_each(|(part, value)| there[part] = value);
                    }
                    (None, _) => {}
                }
            }
            (Shape::List(_), sub) => self.set_listed(home, verb, sub, value)?,
        }
        Ok(())
    }

    fn set_listed(
        &self,
        home: &mut Attributes,
        verb: Verb,
        sub: Option<&'static str>,
        value: Value,
    ) -> Result<(), ScimError> {
        let there = home.get(self.name).and_then(|listed| listed.get(0)).cloned();
        let matches = there.as_ref().is_none_or(|there| self.is_meant(there));
        let new = match (sub, there) {
            _ if !matches => {
                // There is a value that is not meant, and one is all that can be kept.
                let words = format!("{} can have one value, and has another one.", self.name);
                return Err(ScimError::bad(Kind::NoTarget, words));
            }
            (Some(sub), there) => {
                let mut new = there.unwrap_or_else(|| self.as_meant());
                new[sub] = value;
                json!([new])
            }
            (None, Some(there)) if verb == Verb::Add && self.filter.is_none() => {
                let of = |value: &Value| value.get("type").and_then(Value::as_str).map(str::to_lowercase);
                if of(&there) != of(&value[0]) && there.get("value") != value[0].get("value") {
                    return Err(ScimError::value(format!("{} can have one value.", self.name)));
                }
                value
            }
            (None, _) => {
                let mut new = value;
                if let (Some(new), Some(meant)) = (new[0].as_object_mut(), self.as_meant().as_object()) {
                    for (part, value) in meant {
                        new.entry(part.clone()).or_insert_with(|| value.clone());
                    }
                }
                new
            }
        };
        home.insert(self.name.to_owned(), new);
        Ok(())
    }

    fn remove(&self, home: &mut Attributes, extension: bool) -> Result<(), ScimError> {
        let kept = !extension
            && match self.sub {
                None => KEPT.contains(&self.name) || self.name == "name",
                Some(sub) => self.name == "name" && KEPT_OF_NAMES.contains(&sub),
            };
        if kept {
            let sub = self.sub.map(|sub| format!(".{sub}")).unwrap_or_default();
            let words = format!("{}{sub} is required and cannot be removed.", self.name);
            return Err(ScimError::bad(Kind::Mutability, words));
        }
        let Some(sub) = self.sub else {
            if home.get(self.name).is_some_and(|listed| self.filter.is_none() || self.is_meant(&listed[0])) {
                home.remove(self.name);
            }
            return Ok(());
        };
        let there = home.get_mut(self.name);
        let one = match self.shape {
            Shape::List(_) => there.and_then(|listed| listed.get_mut(0)).filter(|one| self.is_meant(one)),
            _ => there,
        };
        if let Some(one) = one.and_then(Value::as_object_mut) {
            one.remove(sub);
            if one.is_empty() || (sub == "value" && matches!(self.shape, Shape::List(_))) {
                home.remove(self.name);
            }
        }
        Ok(())
    }

    /// Whether a value is what the filter means.
    fn is_meant(&self, value: &Value) -> bool {
        self.filter.unwrap_or_default().iter().all(|condition| {
            let Some(part) = part(self.shape, &condition.attribute) else { return false };
            let there = value.get(part);
            match &condition.value {
                Value::String(text) => match there {
                    Some(Value::String(there)) => there.eq_ignore_ascii_case(text),
                    Some(Value::Bool(there)) => text.eq_ignore_ascii_case(&there.to_string()),
                    // What was never said is no other type, and the only value is the primary one.
                    _ => part != "value",
                },
                Value::Bool(flag) => there.is_none_or(|there| there.as_bool() == Some(*flag)),
                _ => false,
            }
        })
    }

    /// A value that the filter means.
    fn as_meant(&self) -> Value {
        let mut meant = json!({});
        for condition in self.filter.unwrap_or_default() {
            let Some(part) = part(self.shape, &condition.attribute) else { continue };
            let shape = if part == "primary" { Shape::Flag } else { Shape::Text };
            if let Ok(Some(value)) = clean(part, shape, &condition.value) {
                meant[part] = value;
            }
        }
        meant
    }
}

#[cfg(test)]
#[path = "patch_tests.rs"]
mod tests;
