//! The comment that says that a section is ours, and why.

use crate::{
    conversion::comparable,
    document::{Document, EditError},
    sso_section::SESSION_STAMP_KEY,
    standing::STAMP_KEY,
};
use std::fmt;

/// How the comment begins; the profile's name follows.
const START: &str = "# Kept by Latchkey as ";

/// Why a profile of ours is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It stands for a role that can be reached, and goes when that does.
    Reachable {
        /// The organisation's start URL, in the one form that all ways to write it have in common.
        start_url: String,
        /// The account's number.
        account: String,
        /// The role's name.
        role: String,
    },
    /// The person added it by name.
    Added,
    /// A `[sso-session …]` for profiles of ours.
    Session,
}

impl Origin {
    /// A role of an organisation, whose start URL may be written in any way.
    #[must_use]
    pub fn reachable(start_url: &str, account: &str, role: &str) -> Self {
        Self::Reachable {
            start_url: comparable(start_url),
            account: account.to_owned(),
            role: role.to_owned(),
        }
    }

    /// The comment.
    pub(super) fn line(&self, name: &str) -> String {
        match self {
            Self::Reachable { .. } => format!("{START}{name} (sync): {self}"),
            Self::Added => format!("{START}{name} (added)"),
            Self::Session => format!("{START}{name} (session)"),
        }
    }

    fn read(line: &str, name: &str) -> Option<Self> {
        let rest = line.trim().strip_prefix(START)?.strip_prefix(name)?;
        match rest {
            " (added)" => return Some(Self::Added),
            " (session)" => return Some(Self::Session),
            _ => {}
        }
        let mut words = rest.strip_prefix(" (sync): ")?.split(' ');
        let (Some(start_url), Some(account), Some(role), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return None;
        };
        Some(Self::Reachable { start_url: start_url.into(), account: account.into(), role: role.into() })
    }
}

/// The lines of a section that are neither its header nor a key's, up to its last key. A section without keys
/// has those that follow the header at once.
pub(super) fn comments(document: &Document, section: &str) -> Vec<usize> {
    let Some(header) = document.header_line(section) else { return Vec::new() };
    let keys: Vec<usize> = document.keys(section).flat_map(|key| document.lines_of(section, &key)).collect();
    let is_comment = |line: usize| {
        let text = document.line_text(line).trim_ascii_start();
        text.starts_with(b"#") || text.starts_with(b";")
    };
    match keys.iter().max() {
        Some(last) => (header + 1..*last).filter(|line| !keys.contains(line) && is_comment(*line)).collect(),
        None => (header + 1..document.line_count()).take_while(|line| is_comment(*line)).collect(),
    }
}

/// Why a section is ours, with the comment's line; `None` when it is not. One that the engine keeps is the
/// engine's, whatever a comment in it says.
pub(super) fn of(document: &Document, section: &str, name: &str) -> Option<(Origin, usize)> {
    if is_kept(document, section) {
        return None;
    }
    marked(document, section, name).next()
}

/// Whether the running Latchkey keeps the section: it has the engine's stamp, which only it takes out.
pub(crate) fn is_kept(document: &Document, section: &str) -> bool {
    [STAMP_KEY, SESSION_STAMP_KEY].into_iter().any(|key| document.get(section, key).is_some())
}

/// Whether a comment in the section names it as ours.
pub(crate) fn is_marked(document: &Document, section: &str, name: &str) -> bool {
    marked(document, section, name).next().is_some()
}

/// Takes that comment out: the section is the engine's from now on.
pub(crate) fn unmark(document: &mut Document, section: &str, name: &str) -> Result<(), EditError> {
    let lines: Vec<usize> = marked(document, section, name).map(|(_, line)| line).collect();
    if lines.is_empty() { Ok(()) } else { document.cut(section, lines, &[]) }
}

fn marked<'a>(
    document: &'a Document,
    section: &str,
    name: &'a str,
) -> impl Iterator<Item = (Origin, usize)> + use<'a> {
    comments(document, section).into_iter().filter_map(move |line| {
        let text = String::from_utf8_lossy(document.line_text(line));
        Origin::read(&text, name).map(|origin| (origin, line))
    })
}

/// Whether a line is such a comment, of whatever section.
pub(super) fn is_marker(line: &str) -> bool {
    line.trim_start().starts_with(START)
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reachable { start_url, account, role } => write!(f, "{start_url} {account} {role}"),
            Self::Added => f.write_str("added"),
            Self::Session => f.write_str("session"),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_ours_under_its_own_name_only() {
        let origin = Origin::reachable("https://Acme.awsapps.com/start/#/", "111122223333", "Dev");
        let line = origin.line("pay-Dev");
        assert_eq!(
            line,
            "# Kept by Latchkey as pay-Dev (sync): https://acme.awsapps.com/start 111122223333 Dev"
        );
        let text = format!(
            "[profile pay-Dev]\n{line}\nregion = x\n[profile copy]\n{line}\nregion = x\n[profile late]\nregion = x\n{}\n",
            Origin::Added.line("late")
        );
        let document = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(of(&document, "profile pay-Dev", "pay-Dev"), Some((origin, 1)));
        assert_eq!(of(&document, "profile copy", "copy"), None, "a copy is the person's");
        assert_eq!(of(&document, "profile late", "late"), None, "it stands behind the section");
        for odd in [
            "# Kept by Latchkey as a (sync): x y",
            "# Kept by Latchkey as a (sync): a b c d",
            "# Kept by Latchkey as a",
        ] {
            assert_eq!(Origin::read(odd, "a"), None, "{odd}");
        }
    }
}
