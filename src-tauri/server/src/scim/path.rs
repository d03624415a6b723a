//! Paths and filters (RFC 7644 §3.4.2.2 and §3.5.2), as much of them as AWS takes: comparisons with `eq`, joined by
//! `and`.

use serde_json::Value;

use super::wire::{Kind, ScimError};

/// Users.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// Groups.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// What enterprises know of users besides.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// More than any provider joins.
const MOST_CONDITIONS: usize = 10;

/// `attribute eq value`
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Without its schema.
    pub attribute: String,
    /// A JSON value.
    pub value: Value,
}

/// What an operation is about.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Path {
    /// Whether it is in the enterprise extension.
    pub extension: bool,
    /// None for the whole extension.
    pub attribute: Option<String>,
    /// Which of several values.
    pub filter: Option<Vec<Condition>>,
    /// A part of a complex attribute.
    pub sub: Option<String>,
}

/// The text without the schema that it begins with, and whether that is the extension.
fn without_schema(text: &str) -> (&str, bool) {
    for (urn, extension) in [(ENTERPRISE, true), (USER, false), (GROUP, false)] {
        let Some((head, rest)) = text.split_at_checked(urn.len()) else { continue };
        if head.eq_ignore_ascii_case(urn) && (rest.is_empty() || rest.starts_with(':')) {
            return (rest.trim_start_matches(':'), extension);
        }
    }
    (text, false)
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// `invalidPath`, or `invalidFilter` of what stands in brackets.
    pub fn read(text: &str) -> Result<Self, ScimError> {
        let wrong = || ScimError::bad(Kind::InvalidPath, format!("The path {} cannot be read.", short(text)));
        let (rest, extension) = without_schema(text.trim());
        if rest.is_empty() {
            return if extension { Ok(Self { extension, ..Self::default() }) } else { Err(wrong()) };
        }
        let (attribute, filter, sub) = match rest.find('[') {
            None => {
                let (attribute, sub) = rest.split_once('.').map_or((rest, None), |(a, s)| (a, Some(s)));
                (attribute, None, sub)
            }
            Some(open) => {
                let close = closing(rest).ok_or_else(wrong)?;
                let sub = match &rest[close + 1..] {
                    "" => None,
                    after => Some(after.strip_prefix('.').ok_or_else(wrong)?),
                };
                (&rest[..open], Some(conditions(&rest[open + 1..close])?), sub)
            }
        };
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_$".contains(&b))
        };
        if !is_name(attribute) || !sub.is_none_or(is_name) {
            return Err(wrong());
        }
        let (attribute, sub) = (Some(attribute.to_owned()), sub.map(str::to_owned));
        Ok(Self { extension, attribute, filter, sub })
    }
}

/// Where the bracket closes that is opened first; what stands in quotes is no bracket.
fn closing(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.bytes().enumerate().skip_while(|(_, byte)| *byte != b'[').find_map(|(at, byte)| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b']' if !quoted => return Some(at),
            _ => {}
        }
        None
    })
}

/// Reads a filter.
///
/// # Errors
/// `invalidFilter`.
pub fn conditions(text: &str) -> Result<Vec<Condition>, ScimError> {
    let wrong = |words: &str| ScimError::bad(Kind::InvalidFilter, words.to_owned());
    let (mut found, mut rest) = (Vec::new(), text.trim());
    loop {
        let (attribute, after) =
            rest.split_once(char::is_whitespace).ok_or_else(|| wrong("The filter cannot be read."))?;
        if attribute.contains(['(', '[']) {
            return Err(wrong("Filters in brackets are not supported."));
        }
        let (operator, after) = after
            .trim_start()
            .split_once(char::is_whitespace)
            .ok_or_else(|| wrong("The filter cannot be read."))?;
        if !operator.eq_ignore_ascii_case("eq") {
            return Err(wrong("The only operator that is supported is eq."));
        }
        let mut values = serde_json::Deserializer::from_str(after).into_iter::<Value>();
        let value =
            values.next().and_then(Result::ok).filter(|value| !value.is_object() && !value.is_array());
        let value = value.ok_or_else(|| wrong("What is compared with must be a string or a number."))?;
        let (bare, extension) = without_schema(attribute);
        let attribute = if extension { format!("enterprise.{bare}") } else { bare.to_owned() };
        found.push(Condition { attribute, value });
        let after = after.get(values.byte_offset()..).unwrap_or_default();
        let next = after.trim_start();
        if next.is_empty() {
            return Ok(found);
        }
        let (word, more) = next.split_once(char::is_whitespace).unwrap_or((next, ""));
        if next.len() == after.len() || !word.eq_ignore_ascii_case("and") || found.len() >= MOST_CONDITIONS {
            return Err(wrong("Comparisons can only be joined by and."));
        }
        rest = more.trim_start();
    }
}

/// What is told of a text from outside.
pub fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use serde_json::json;

    use super::*;

    fn condition(attribute: &str, value: Value) -> Condition {
        Condition { attribute: attribute.to_owned(), value }
    }

    #[test]
    fn filters_are_read_as_providers_write_them() {
        for (text, expected) in [
            ("userName eq \"bjensen\"", vec![condition("userName", json!("bjensen"))]),
            ("userName Eq \"a \\\"b\\\" and c\"", vec![condition("userName", json!("a \"b\" and c"))]),
            (
                "id eq \"1\"  AND members eq \"2\"",
                vec![condition("id", json!("1")), condition("members", json!("2"))],
            ),
            ("active eq true", vec![condition("active", json!(true))]),
            (
                "urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"x\"",
                vec![condition("userName", json!("x"))],
            ),
        ] {
            assert_eq!(conditions(text).unwrap(), expected, "{text}");
        }
        for text in [
            "",
            "userName",
            "userName eq",
            "userName eq bjensen",
            "userName sw \"b\"",
            "userName eq \"a\" or userName eq \"b\"",
            "(userName eq \"a\")",
            "not (userName eq \"a\")",
            "userName eq \"a\"and id eq \"b\"",
            "userName eq \"a\" and",
            "userName eq {}",
            "userName pr",
        ] {
            let error = conditions(text).unwrap_err();
            assert_eq!(error.kind(), Some("invalidFilter"), "{text}");
        }
        assert!(conditions(&"id eq \"1\" and ".repeat(20)).is_err());
    }

    #[test]
    fn paths_are_read_as_providers_write_them() {
        let read = |text: &str| {
            let path = Path::read(text).unwrap();
            (path.extension, path.attribute.unwrap_or_default(), path.filter, path.sub.unwrap_or_default())
        };
        let plain = |attribute: &str, sub: &str| (false, attribute.to_owned(), None, sub.to_owned());
        assert_eq!(read("active"), plain("active", ""));
        assert_eq!(read("name.familyName"), plain("name", "familyName"));
        assert_eq!(read(&format!("{USER}:name.familyName")), plain("name", "familyName"));
        let work = Some(vec![condition("type", json!("work"))]);
        assert_eq!(
            read("emails[type eq \"work\"].value"),
            (false, "emails".to_owned(), work, "value".to_owned())
        );
        let tricky = Some(vec![condition("value", json!("a]\"b"))]);
        assert_eq!(
            read("members[value eq \"a]\\\"b\"]"),
            (false, "members".to_owned(), tricky, String::new())
        );
        assert_eq!(
            read(&format!("{ENTERPRISE}:department")),
            (true, "department".to_owned(), None, String::new())
        );
        assert_eq!(read(&ENTERPRISE.to_uppercase()), (true, String::new(), None, String::new()));
        for text in
            ["", USER, "a b", "name.", ".x", "emails[type eq \"work\"", "emails[]", "emails[type eq \"w\"]x"]
        {
            assert!(Path::read(text).is_err(), "{text}");
        }
    }
}
