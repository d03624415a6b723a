//! Whether a text is an identity policy (IAM User Guide, policy grammar), as far as its form goes. The API, the
//! pages, the organisation's file and a template all ask here, so that none takes what another refuses.

use serde_json::{Map, Value};

const VERSIONS: [&str; 2] = ["2012-10-17", "2008-10-17"];
/// The longest inline policy, in characters (sso-admin API, `PermissionSetPolicyDocument`).
const LONGEST: usize = 32_768;

/// Why a text is no policy. Its words quote nothing of the text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Mistake {
    /// It is no JSON from this place on.
    #[error("{reason} at line {line} column {column}")]
    Json {
        /// From 1 on.
        line: usize,
        /// From 1 on.
        column: usize,
        /// What the parser expected.
        reason: String,
    },
    /// It is JSON and no policy.
    #[error("{0}")]
    Form(String),
}

/// Refuses what is not a policy, with the place of the mistake.
///
/// # Errors
/// [`Mistake`], the first that is found.
pub fn check(text: &str) -> Result<(), Mistake> {
    if text.is_empty() || text.chars().count() > LONGEST {
        return Err(malformed("it must have 1 to 32768 characters"));
    }
    let document: Value = serde_json::from_str(text).map_err(|error| {
        // The library's words end in the place.
        let said = error.to_string();
        let reason = said.split(" at line ").next().unwrap_or_default().to_owned();
        Mistake::Json { line: error.line(), column: error.column(), reason }
    })?;
    let document = document.as_object().ok_or_else(|| malformed("it must be a JSON object"))?;
    for name in document.keys() {
        if !["Version", "Id", "Statement"].contains(&name.as_str()) {
            return Err(malformed("it must have Version, Id and Statement only"));
        }
    }
    if let Some(version) = document.get("Version")
        && !VERSIONS.iter().any(|known| version == known)
    {
        return Err(malformed("Version must be 2012-10-17 or 2008-10-17"));
    }
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => return Err(malformed("Statement must be a statement or a list of them")),
    };
    for (at, statement) in statements.iter().enumerate() {
        let wrong = |what: &str| malformed(&format!("statement {}: {what}", at + 1));
        let statement = statement.as_object().ok_or_else(|| wrong("it must be an object"))?;
        check_statement(statement).map_err(wrong)?;
    }
    Ok(())
}

fn check_statement(statement: &Map<String, Value>) -> Result<(), &'static str> {
    const KNOWN: [&str; 7] = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    if statement.contains_key("Principal") || statement.contains_key("NotPrincipal") {
        return Err("a policy of an identity names no Principal");
    }
    if !statement.keys().all(|name| KNOWN.contains(&name.as_str())) {
        return Err("it must have Sid, Effect, Action, NotAction, Resource, NotResource and Condition only");
    }
    if !["Allow", "Deny"].iter().any(|effect| statement.get("Effect").is_some_and(|said| said == effect)) {
        return Err("Effect must be Allow or Deny");
    }
    if statement.contains_key("Action") == statement.contains_key("NotAction") {
        return Err("it must have either Action or NotAction");
    }
    if statement.contains_key("Resource") == statement.contains_key("NotResource") {
        return Err("it must have either Resource or NotResource");
    }
    for name in ["Action", "NotAction", "Resource", "NotResource"] {
        if !statement.get(name).is_none_or(is_words) {
            return Err("actions and resources must be strings or lists of strings");
        }
    }
    if !statement.get("Condition").is_none_or(Value::is_object) {
        return Err("Condition must be an object");
    }
    Ok(())
}

fn is_words(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Array(words) => !words.is_empty() && words.iter().all(Value::is_string),
        _ => false,
    }
}

fn malformed(what: &str) -> Mistake {
    Mistake::Form(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn mistakes_are_named_with_their_place() {
        let good =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
        assert!(check(good).is_ok());
        let words = |text: &str| check(text).expect_err("it is refused").to_string();
        assert!(
            words("{\n  \"Version\": ,\n}").contains("line 2 column 14"),
            "{}",
            words("{\n  \"Version\": ,\n}")
        );
        assert!(words(&good.replace("Allow", "allow")).contains("statement 1: Effect"));
        assert!(words(&good.replace("\"Resource\":\"*\"", "\"Principal\":\"*\"")).contains("no Principal"));
        assert!(words(&good.replace("2012-10-17", "2012")).contains("Version must be"));
        assert!(words("[]").contains("JSON object"));
        assert!(words(r#"{"Statement":[]}"#).contains("Statement must be"));
        assert!(words(&good.replace("\"s3:*\"", "1")).contains("strings"));
    }
}
