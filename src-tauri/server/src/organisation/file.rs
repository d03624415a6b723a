//! The shape of an organisation file and where its mistakes are.

use std::ops::Range;

use jiff::SignedDuration;
use serde::Deserialize;
use toml::Spanned;

use super::{Organisation, check};

/// A mistake in an organisation or configuration file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}{}: {problem}", field.as_ref().map(|name| format!(", field `{name}`")).unwrap_or_default())]
pub struct FileError {
    /// The file as it was named.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// The field, such as `assignment.account`, where it is known.
    pub field: Option<String>,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl FileError {
    /// A mistake in the form of a TOML file.
    pub fn syntax(file: &str, text: &str, error: &toml::de::Error) -> Self {
        Self {
            file: file.to_owned(),
            line: line(text, error.span()),
            field: None,
            problem: error.message().trim().to_owned(),
        }
    }
}

/// The line a place in the text is on, from 1.
fn line(text: &str, span: Option<Range<usize>>) -> usize {
    1 + span.map_or(0, |span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count())
}

/// Reads an organisation from the text of its file; `file` names it in errors.
///
/// # Errors
/// [`FileError`] names the line and the field of the first mistake.
pub fn read(file: &str, text: &str) -> Result<Organisation, FileError> {
    let raw: File = toml::from_str(text).map_err(|error| FileError::syntax(file, text, &error))?;
    check::check(raw).map_err(|mistake| FileError {
        file: file.to_owned(),
        line: line(text, Some(mistake.span)),
        field: Some(mistake.field.to_owned()),
        problem: mistake.problem,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub name: Spanned<String>,
    pub region: Spanned<String>,
    pub management_account: Spanned<String>,
    pub session_duration: Option<Spanned<SignedDuration>>,
    #[serde(default)]
    pub group: Vec<Group>,
    #[serde(default)]
    pub user: Vec<User>,
    #[serde(default)]
    pub account: Vec<Account>,
    #[serde(default)]
    pub permission_set: Vec<PermissionSet>,
    #[serde(default)]
    pub assignment: Vec<Assignment>,
    #[serde(default)]
    pub application: Vec<Application>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub name: Spanned<String>,
    #[serde(rename = "description", default)]
    pub _description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub username: Spanned<String>,
    pub display_name: Spanned<String>,
    pub email: Spanned<String>,
    #[serde(default)]
    pub groups: Vec<Spanned<String>>,
    pub password_hash: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    pub id: Spanned<String>,
    pub name: Spanned<String>,
    pub email: Spanned<String>,
    #[serde(default)]
    pub ou: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PermissionSet {
    pub name: Spanned<String>,
    #[serde(default)]
    pub description: String,
    pub session_duration: Option<Spanned<SignedDuration>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assignment {
    pub account: Spanned<String>,
    pub permission_set: Spanned<String>,
    pub user: Option<Spanned<String>>,
    pub group: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Application {
    pub name: Spanned<String>,
    #[serde(default)]
    pub description: String,
    pub url: Spanned<String>,
    #[serde(default)]
    pub users: Vec<Spanned<String>>,
    #[serde(default)]
    pub groups: Vec<Spanned<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name = \"Acme\"\nregion = \"eu-central-1\"\nmanagement_account = \"111122223333\"\n";

    /// Line and field of the mistake, and a part of its words.
    #[track_caller]
    fn refuses(rest: &str, line: usize, field: Option<&str>, words: &str) {
        let text = format!("{HEAD}{rest}");
        let error = read("acme.toml", &text).expect_err("this file has a mistake");
        assert_eq!((error.line, error.field.as_deref()), (line, field), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.to_string().starts_with(&format!("acme.toml, line {line}")), "{error}");
    }

    const ACCOUNT: &str = "[[account]]\nid = \"111122223333\"\nname = \"a\"\nemail = \"a@acme.test\"\n";

    #[test]
    fn a_mistake_is_named_with_line_and_field() {
        refuses(
            "[[account]]\nid = \"1\"\nname = \"a\"\nemail = \"a@b\"\n",
            5,
            Some("account.id"),
            "12 digits",
        );
        refuses("colour = 1\n", 4, None, "colour");
        refuses("[[account]\n", 4, None, "");
        refuses(
            &format!("{ACCOUNT}[[permission_set]]\nname = \"no spaces\"\n"),
            9,
            Some("permission_set.name"),
            "32 characters",
        );
        refuses(
            &format!("{ACCOUNT}[[permission_set]]\nname = \"A\"\nsession_duration = \"PT5M\"\n"),
            10,
            Some("permission_set.session_duration"),
            "15 minutes",
        );
        refuses(
            &format!(
                "{ACCOUNT}[[assignment]]\naccount = \"111122223333\"\npermission_set = \"Admn\"\nuser = \"x\"\n"
            ),
            10,
            Some("assignment.permission_set"),
            "Admn",
        );
        refuses(&format!("{ACCOUNT}{ACCOUNT}"), 9, Some("account.id"), "twice");
        refuses(
            "[[user]]\nusername = \"sam\"\ndisplay_name = \"Sam\"\nemail = \"sam@acme.test\"\ngroups = [\"x\"]\n",
            8,
            Some("user.groups"),
            "no group",
        );
        refuses(
            "[[user]]\nusername = \"sam\"\ndisplay_name = \"Sam\"\nemail = \"s@a\"\npassword_hash = \"plain\"\n",
            8,
            Some("user.password_hash"),
            "hash-password",
        );
        refuses(
            "[[application]]\nname = \"x\"\nurl = \"javascript:x\"\n",
            6,
            Some("application.url"),
            "http",
        );
    }

    #[test]
    fn a_password_hash_is_never_repeated_in_an_error() {
        let text = format!(
            "{HEAD}[[user]]\nusername = \"sam\"\ndisplay_name = \"Sam\"\nemail = \"s@a\"\npassword_hash = \"hunter2\"\n"
        );
        let error = read("acme.toml", &text).expect_err("a plain password is refused").to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
