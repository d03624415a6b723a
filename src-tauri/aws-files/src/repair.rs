//! What is wrong with the two files as files: lines that AWS's tools reject them for, and profiles that hide
//! one another. The repair takes nothing away: what tools cannot read becomes a comment.

use crate::{
    backup::{self, Kind},
    config_file::profile_of,
    conversion::read,
    document::Document,
    error::{Doing, FileError},
    grammar::{self, ParseErrorKind},
    import::{UnreadLine, without_unreadable},
    lock::FileLock,
    place::Place,
    replace::{Quiet, Replaced, replace},
};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};
use zeroize::Zeroizing;

/// How long another program of ours may hold the file's lock.
const PATIENCE: Duration = Duration::from_secs(3);
/// What a line begins with that is no setting any more.
const COMMENT: &[u8] = b"# latch doctor: ";
/// So often a line is looked for.
const MOST: usize = 500;

/// Lines that AWS's tools reject the file for; none when there is no file.
///
/// # Errors
/// [`FileError`].
pub fn unreadable(path: &Path) -> Result<Vec<UnreadLine>, FileError> {
    let Some(loaded) = Place::find(path)?.load()? else { return Ok(Vec::new()) };
    let (_, unread) = without_unreadable(&loaded.bytes)
        .map_err(|error| FileError::Unparseable { path: path.to_path_buf(), error })?;
    Ok(unread)
}

/// Makes comments of the lines that AWS's tools cannot read, with what belongs to them: a section that begins
/// a second time, a key that is set a second time. Before that, a copy of the file is made beside it, whose
/// path is given.
///
/// # Errors
/// [`FileError`]; nothing was changed then.
pub fn comment_out(path: &Path, now: Timestamp) -> Result<Option<PathBuf>, FileError> {
    let place = Place::find(path)?;
    let _lock = FileLock::take(&place, PATIENCE)?;
    let Some(base) = place.load()? else { return Ok(None) };
    let bytes =
        commented(&base.bytes).map_err(|error| FileError::Unparseable { path: path.to_path_buf(), error })?;
    if *bytes == **base.bytes {
        return Ok(None);
    }
    let backup = backup::make(path, &base.bytes, now, Kind::Conversion, &Quiet)?;
    match replace(&place, &[bytes.as_slice()], Some(&base), &Quiet)? {
        Replaced::Done => Ok(Some(backup)),
        Replaced::BaseChanged => Err(FileError::BeingWritten { path: path.to_path_buf() }),
    }
}

/// The file that an unfinished one of ours was to become, or to be a copy of; `None` for any other file.
#[must_use]
pub fn unfinished(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?.strip_prefix('.')?;
    let of = name.strip_suffix(".latchkey-tmp").or_else(|| name.strip_suffix(".latchkey-bak-tmp"))?;
    (!of.is_empty()).then(|| path.with_file_name(of))
}

/// Deletes an unfinished file of ours, under the lock of the file that it is for: nobody is writing it then.
///
/// # Errors
/// [`FileError::Locked`] when somebody is, and others; nothing was deleted then.
pub fn remove_unfinished(path: &Path) -> Result<(), FileError> {
    let Some(of) = unfinished(path) else { return Err(FileError::NoFile { path: path.to_path_buf() }) };
    let place = Place::find(&of)?;
    let _lock = FileLock::take(&place, Duration::ZERO)?;
    match fs::remove_file(path) {
        // Whoever held the lock before is done with it.
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(FileError::io(path, Doing::Replace, error))
        }
        _ => Ok(()),
    }
}

fn commented(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, crate::ParseError> {
    let mut bytes = Zeroizing::new(bytes.to_vec());
    for _ in 0..MOST {
        let error = match Document::parse(&bytes) {
            Ok(_) => return Ok(bytes),
            Err(error) => error,
        };
        if error.kind == ParseErrorKind::ByteOrderMark {
            bytes.drain(..3);
            continue;
        }
        let lines = grammar::lines(&bytes);
        let first = error.line - 1;
        let last = end_of(&bytes, &lines, first, error.kind);
        // From the last, so that the lines before stay where they were found.
        for number in (first..last).rev() {
            let line = lines.line(number, &bytes);
            let text = grammar::trim(&bytes, line.start..line.end).range;
            // A blank line says nothing, and a comment nothing new.
            let silent = text.is_empty() || (number > first && matches!(bytes[text.start], b'#' | b';'));
            if !silent {
                bytes.splice(line.start..line.start, COMMENT.iter().copied());
            }
        }
    }
    Document::parse(&bytes).map(|_| bytes)
}

/// The line behind what belongs to a line that cannot be read: the rest of a section, or the lines that go on
/// with a value.
fn end_of(bytes: &[u8], lines: &grammar::Lines, first: usize, kind: ParseErrorKind) -> usize {
    let indent = |number: usize| {
        let line = lines.line(number, bytes);
        let text = grammar::trim(bytes, line.start..line.end);
        (text.range.clone(), text.indent)
    };
    let (_, own) = indent(first);
    let belongs = |number: &usize| {
        let (text, depth) = indent(*number);
        match kind {
            ParseErrorKind::DuplicateSection { .. } => {
                bytes.get(text.start) != Some(&b'[') || text.is_empty()
            }
            // A line of an indented block is one of its own.
            ParseErrorKind::NestedWithoutEquals => false,
            _ => !text.is_empty() && depth > own,
        }
    };
    let rest = (first + 1..lines.len()).take_while(belongs).count();
    first + 1 + rest
}

/// A profile that does not come to effect as it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hidden {
    /// The profile.
    pub profile: String,
    /// Why.
    pub why: Hiding,
}

/// Why a profile, or a part of it, does not come to effect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hiding {
    /// Two sections of the config file define it; the last counts.
    Twice {
        /// The one that counts, as it stands between the brackets.
        counts: String,
    },
    /// Its section has no `profile` before the name, so that tools pass it by.
    NoPrefix,
    /// The credentials file has keys of it, which tools take before the program that the config file names.
    KeysBeforeProgram,
    /// The config file has `sso_…` settings of it and the credentials file has keys: most tools take the
    /// settings, some the keys.
    SsoAndKeys,
    /// Another differs from it in upper and lower case alone.
    CaseOnly {
        /// The other.
        other: String,
    },
    /// It takes its credentials from a profile that is not there.
    NoSource {
        /// That profile.
        source: String,
    },
    /// It signs in by a `[sso-session …]` that is not there.
    NoSession {
        /// Its name.
        session: String,
    },
}

/// Profiles of the two files that hide one another or lead nowhere.
///
/// # Errors
/// [`FileError`], when one of them cannot be read.
pub fn hidden(config: &Path, credentials: &Path) -> Result<Vec<Hidden>, FileError> {
    let document = |path: &Path| {
        let bytes = Place::find(path)?.load()?.map(|loaded| loaded.bytes).unwrap_or_default();
        let (_, document) =
            read(&bytes).map_err(|error| FileError::Unparseable { path: path.to_path_buf(), error })?;
        Ok::<_, FileError>(document)
    };
    let mut found = hiding(&document(config)?, &document(credentials)?);
    found.sort();
    Ok(found)
}

fn hiding(config: &Document, credentials: &Document) -> Vec<Hidden> {
    let mut found = Vec::new();
    let mut hide = |profile: &str, why| found.push(Hidden { profile: profile.to_owned(), why });
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    for section in config.sections() {
        let first = section.split_whitespace().next().unwrap_or_default();
        match profile_of(&section) {
            Some(name) => {
                if sections.insert(name.clone(), section.clone()).is_some() {
                    hide(&name, Hiding::Twice { counts: section });
                }
            }
            None if ["DEFAULT", "plugins", "preview"].contains(&section.as_str()) => {}
            None if ["sso-session", "services", "profile", "aws"].contains(&first) => {}
            None => hide(&section, Hiding::NoPrefix),
        }
    }
    let has = |section: &str, key: &str| config.effective(section, key).is_some();
    let with_keys = |name: &str| credentials.get(name, "aws_access_key_id").is_some();
    let names: Vec<String> = sections.keys().cloned().collect();
    for (name, section) in &sections {
        let sso = ["sso_session", "sso_start_url"].iter().any(|key| has(section, key));
        if sso && with_keys(name) {
            hide(name, Hiding::SsoAndKeys);
        } else if has(section, "credential_process") && with_keys(name) {
            hide(name, Hiding::KeysBeforeProgram);
        }
        if let Some(source) = config.effective(section, "source_profile")
            && !sections.contains_key(&*source)
            && !credentials.has_section(&source)
        {
            hide(name, Hiding::NoSource { source: source.to_string() });
        }
        if let Some(session) = config.effective(section, "sso_session") {
            let there = config.sections().any(|it| {
                it.strip_prefix("sso-session")
                    .is_some_and(|rest| rest.trim().trim_matches(['"', '\'']) == &**session)
            });
            if !there {
                hide(name, Hiding::NoSession { session: session.to_string() });
            }
        }
    }
    let all: Vec<String> =
        names.into_iter().chain(credentials.sections().filter(|name| name != "DEFAULT")).collect();
    let mut lower: BTreeMap<String, &String> = BTreeMap::new();
    for name in &all {
        match lower.insert(name.to_lowercase(), name) {
            Some(other) if other != name => hide(name, Hiding::CaseOnly { other: other.clone() }),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn repaired(text: &str) -> String {
        String::from_utf8(commented(text.as_bytes()).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn what_tools_cannot_read_becomes_a_comment() {
        for (broken, expect) in [
            (
                "[a]\nk = 1\n\n[b]\nk = 2\n[a]\n# note\nk = 3\n  more\n\n[c]\n",
                "[a]\nk = 1\n\n[b]\nk = 2\n# latch doctor: [a]\n# note\n# latch doctor: k = 3\n# latch doctor:   more\n\n[c]\n",
            ),
            (
                "[a]\nk = 1\nK = 2\n  more\nl = 3\n",
                "[a]\nk = 1\n# latch doctor: K = 2\n# latch doctor:   more\nl = 3\n",
            ),
            (
                "lost\n[a]\r\nwhat is this\r\n= x\r\n",
                "# latch doctor: lost\n[a]\r\n# latch doctor: what is this\r\n# latch doctor: = x\r\n",
            ),
            (
                "[a]\ns3 =\n  x = 1\n  broken\n  y = 2\n",
                "[a]\ns3 =\n  x = 1\n# latch doctor:   broken\n  y = 2\n",
            ),
            ("\u{feff}[a]\nk = 1\n", "[a]\nk = 1\n"),
            ("[a]\nk = 1\n", "[a]\nk = 1\n"),
        ] {
            assert_eq!(repaired(broken), expect, "{broken:?}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { cases: 600, rng_seed: proptest::test_runner::RngSeed::Fixed(20_261_126), failure_persistence: None, ..Default::default() })]

        /// Whatever the file is like: tools read it afterwards, and without what was put before lines it is
        /// what it was.
        #[test]
        fn nothing_is_lost_by_a_repair(file in crate::tests::any_file()) {
            let after = repaired(&file);
            proptest::prop_assert!(Document::parse(after.as_bytes()).is_ok(), "{after:?}");
            proptest::prop_assert_eq!(after.replace("# latch doctor: ", ""), file);
        }
    }

    #[test]
    fn profiles_that_hide_one_another_are_found() {
        let config = "[profile a]\nregion=x\n[profile 'a']\nregion=y\n[pay]\nregion=x\n[profile sso]\nsso_session=s\nsso_account_id=1\n\
                      [profile prog]\ncredential_process=x\n[profile Case]\nregion=x\n[profile lost]\nsource_profile=nobody\n[sso-session t]\nx=1\n[services s]\nx=1\n";
        let credentials = "[sso]\naws_access_key_id=A\n[prog]\naws_access_key_id=A\n[case]\naws_access_key_id=A\n[fine]\naws_access_key_id=A\n";
        let found = hiding(
            &Document::parse(config.as_bytes()).unwrap(),
            &Document::parse(credentials.as_bytes()).unwrap(),
        );
        let of = |profile: &str| {
            found.iter().filter(|it| it.profile == profile).map(|it| it.why.clone()).collect::<Vec<_>>()
        };
        assert_eq!(of("a"), [Hiding::Twice { counts: "profile 'a'".into() }]);
        assert_eq!(of("pay"), [Hiding::NoPrefix]);
        assert_eq!(of("sso"), [Hiding::SsoAndKeys, Hiding::NoSession { session: "s".into() }]);
        assert_eq!(of("prog"), [Hiding::KeysBeforeProgram]);
        assert_eq!(of("case"), [Hiding::CaseOnly { other: "Case".into() }]);
        assert_eq!(of("lost"), [Hiding::NoSource { source: "nobody".into() }]);
        assert_eq!(found.len(), 7, "{found:?}");
    }
}
