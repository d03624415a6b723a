//! What a request says, member by member, refused in AWS's words where it may not say so.

use std::{fmt, ops::RangeInclusive};

use serde_json::Value;

use super::wire::AdminError;

/// A structure of a request.
#[derive(Debug, Clone, Copy)]
pub struct Body<'v>(pub &'v Value);

impl<'v> Body<'v> {
    /// A member, if it is there.
    pub fn get(self, name: &str) -> Option<&'v Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A string, if it is there.
    ///
    /// # Errors
    /// [`AdminError`] if it is something else.
    pub fn text(self, name: &str) -> Result<Option<&'v str>, AdminError> {
        let read = |value: &'v Value| value.as_str().ok_or_else(AdminError::wrong_type);
        self.get(name).map(read).transpose()
    }

    /// A string that has to be there.
    ///
    /// # Errors
    /// [`AdminError`] if it is missing or something else.
    pub fn need(self, name: &str) -> Result<&'v str, AdminError> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// A string of so many characters, if it is there.
    ///
    /// # Errors
    /// [`AdminError`] if it is shorter or longer.
    pub fn sized(self, name: &str, range: RangeInclusive<usize>) -> Result<Option<&'v str>, AdminError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let length = text.chars().count();
        if length < *range.start() {
            let words = format!("Member must have length greater than or equal to {}", range.start());
            return Err(invalid(name, words));
        }
        if length > *range.end() {
            let words = format!("Member must have length less than or equal to {}", range.end());
            return Err(invalid(name, words));
        }
        Ok(Some(text))
    }

    /// A structure, if it is there.
    ///
    /// # Errors
    /// [`AdminError`] if it is something else.
    pub fn object(self, name: &str) -> Result<Option<Body<'v>>, AdminError> {
        let read = |value: &'v Value| {
            if value.is_object() { Ok(Body(value)) } else { Err(AdminError::wrong_type()) }
        };
        self.get(name).map(read).transpose()
    }

    /// A structure that has to be there.
    ///
    /// # Errors
    /// [`AdminError`] if it is missing or something else.
    pub fn need_object(self, name: &str) -> Result<Body<'v>, AdminError> {
        self.object(name)?.ok_or_else(|| missing(name))
    }

    /// A list of so many members, if it is there.
    ///
    /// # Errors
    /// [`AdminError`] if it is something else or has fewer or more.
    pub fn list(self, name: &str, range: RangeInclusive<usize>) -> Result<Option<&'v [Value]>, AdminError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let members = value.as_array().ok_or_else(AdminError::wrong_type)?;
        if !range.contains(&members.len()) {
            let words = format!("Member must have {} to {} members", range.start(), range.end());
            return Err(invalid(name, words));
        }
        Ok(Some(members))
    }

    /// One of these words.
    ///
    /// # Errors
    /// [`AdminError`] if it is missing or another.
    pub fn one_of(self, name: &str, words: &[&'static str]) -> Result<&'static str, AdminError> {
        let said = self.need(name)?;
        words.iter().copied().find(|word| *word == said).ok_or_else(|| {
            invalid(name, format!("Member must satisfy enum value set: [{}]", words.join(", ")))
        })
    }
}

/// A member that has to be there and is not.
pub fn missing(name: &str) -> AdminError {
    invalid(name, "Member must not be null")
}

/// A member that breaks a constraint.
pub fn invalid(name: &str, constraint: impl fmt::Display) -> AdminError {
    let mut letters = name.chars();
    let first = letters.next().map(|c| c.to_ascii_lowercase()).into_iter();
    let camel: String = first.chain(letters).collect();
    AdminError::validation(format!(
        "1 validation error detected: Value at '{camel}' failed to satisfy constraint: {constraint}"
    ))
}

/// A member that does not have its pattern.
pub fn pattern(name: &str, pattern: &str) -> AdminError {
    invalid(name, format!("Member must satisfy regular expression pattern: {pattern}"))
}

/// Whether a text has the form of a UUID.
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}
