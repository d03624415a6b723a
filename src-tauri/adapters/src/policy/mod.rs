//! The managed file, by which an administrator decides settings on this computer. It counts only where nobody but an
//! administrator can have written it.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as platform;

use crate::home::Home;
use engine::model::{code::Code, policy::Policy};
use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// No policy needs more; in bytes.
const LONGEST: u64 = 256 * 1024;

/// Where it may lie, and who may have written it there.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    /// In the order in which they are looked for: the first that is there counts alone.
    places: Vec<Place>,
}

#[derive(Clone, Debug)]
struct Place {
    path: PathBuf,
    /// Whoever runs this program may have written it too.
    or_ours: bool,
}

impl PolicyFile {
    /// The system's place. An installation that was moved has one in its own folder as well, which is looked at only
    /// where there is none in the system's: whoever moves their own away gets rid of nothing.
    #[must_use]
    pub fn of(home: &Home) -> Self {
        let system =
            platform::folder().map(|folder| Place { path: folder.join("policy.json"), or_ours: false });
        let moved =
            home.moved_to.as_ref().map(|_| Place { path: home.config.join("policy.json"), or_ours: true });
        Self { places: system.into_iter().chain(moved).collect() }
    }

    /// For programs and tests without one.
    #[must_use]
    pub fn none() -> Self {
        Self { places: Vec::new() }
    }

    /// Reads it; where there is none, nothing is decided.
    ///
    /// # Errors
    /// A file that cannot be read, that others may write, or that says what cannot be understood: nothing of it
    /// counts.
    pub fn load(&self) -> Result<Policy, Code> {
        let found = self.places.iter().find_map(|place| place.load().transpose());
        let read = found.unwrap_or_else(|| Ok(Policy::default()));
        read.inspect_err(|code| tracing::error!(?code, "the organisation's policy is not used"))
    }
}

impl Place {
    /// `None` where there is none.
    fn load(&self) -> Result<Option<Policy>, Code> {
        let shown = || self.path.display().to_string();
        let unreadable = |e: io::Error| Code::FileUnreadable { path: shown(), reason: e.to_string() };
        let about = match std::fs::metadata(&self.path) {
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(e) => return Err(unreadable(e)),
            Ok(about) => about,
        };
        if !about.is_file() {
            return Err(unreadable(io::Error::other("it is no file")));
        }
        let file = File::open(&self.path).map_err(unreadable)?;
        platform::trusted(&self.path, &file, self.or_ours)
            .map_err(unreadable)?
            .map_err(|why| Code::PolicyNotTrusted { path: shown(), why })?;
        let mut text = String::new();
        let read = file.take(LONGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
        if u64::try_from(read).unwrap_or(u64::MAX) > LONGEST {
            return Err(unreadable(io::Error::other("it is longer than 256 KiB")));
        }
        parse(&self.path, &text).map(Some)
    }
}

fn parse(path: &Path, text: &str) -> Result<Policy, Code> {
    let bad = |line: usize, what: String| Code::FileUnparseable {
        path: path.display().to_string(),
        line: u32::try_from(line).unwrap_or(u32::MAX),
        what,
    };
    let policy: Policy =
        serde_json::from_str(text).map_err(|error| bad(error.line().max(1), what(text, &error)))?;
    policy.check().map_err(|(pattern, reason)| {
        // As it stands in the file, with its quotation marks and escapes.
        let written = serde_json::to_string(&pattern).unwrap_or_default();
        let line = text.lines().position(|line| line.contains(&written)).unwrap_or_default();
        bad(line + 1, format!("the pattern {pattern} cannot be read: {reason}"))
    })?;
    Ok(policy)
}

/// The message, with the field it is about where the library's own words do not name it.
fn what(text: &str, error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let before = line.get(..error.column()).unwrap_or(line);
    // The last name before the place.
    let field = before.rmatch_indices("\":").next().and_then(|(end, _)| before[..end].rsplit('"').next());
    match field {
        Some(field) if !field.is_empty() && !message.contains(field) => format!("{field}: {message}"),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::{ffi::OsString, os::unix::fs::PermissionsExt as _};

    struct Desk {
        home: Home,
        _dir: tempfile::TempDir,
    }

    impl Desk {
        fn with(text: &str) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let moved = dir.path().join("moved").into_os_string();
            let env = |name: &str| match name {
                "LATCHKEY_HOME" => Some(moved.clone()),
                "HOME" => Some(OsString::from("/h")),
                _ => None,
            };
            let home = Home::resolve(&env).unwrap();
            home.make().unwrap();
            let desk = Self { home, _dir: dir };
            std::fs::write(desk.path(), text).unwrap();
            desk.mode(&desk.path(), 0o644);
            desk
        }

        fn path(&self) -> PathBuf {
            self.home.config.join("policy.json")
        }

        fn mode(&self, path: &Path, mode: u32) {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }

        /// Its own alone: the computer that runs the tests may be managed.
        fn file(&self) -> PolicyFile {
            PolicyFile {
                places: PolicyFile::of(&self.home).places.into_iter().filter(|it| it.or_ours).collect(),
            }
        }
    }

    #[test]
    fn what_an_administrator_wrote_is_read_and_no_file_decides_nothing() {
        let desk = Desk::with(r#"{"autostart": true}"#);
        assert_eq!(desk.file().load().unwrap().autostart, Some(true));
        std::fs::remove_file(desk.path()).unwrap();
        assert_eq!(desk.file().load(), Ok(Policy::default()));
    }

    #[test]
    fn a_file_that_others_may_write_is_not_used() {
        let desk = Desk::with(r#"{"autostart": true}"#);
        let folder = desk.home.config.clone();
        let why = |desk: &Desk| match desk.file().load() {
            Err(Code::PolicyNotTrusted { why, .. }) => why,
            other => panic!("{other:?}"),
        };
        desk.mode(&desk.path(), 0o664);
        assert_eq!(why(&desk), "others may write the file");
        desk.mode(&desk.path(), 0o644);
        desk.mode(&folder, 0o777);
        assert_eq!(why(&desk), "others may write its folder");
        desk.mode(&folder, 0o755);
        assert!(desk.file().load().is_ok());
    }

    #[test]
    fn a_link_counts_as_what_it_leads_to() {
        let desk = Desk::with("{}");
        let elsewhere = tempfile::tempdir().unwrap();
        let target = elsewhere.path().join("mine.json");
        std::fs::write(&target, r#"{"autostart": true}"#).unwrap();
        desk.mode(&target, 0o644);
        desk.mode(elsewhere.path(), 0o777);
        std::fs::remove_file(desk.path()).unwrap();
        std::os::unix::fs::symlink(&target, desk.path()).unwrap();
        assert!(matches!(desk.file().load(), Err(Code::PolicyNotTrusted { .. })));
    }

    #[test]
    fn in_the_systems_place_only_an_administrator_counts_and_what_is_there_counts_alone() {
        let (system, own) = (Desk::with(r#"{"refresh_lead": 30}"#), Desk::with(r#"{"refresh_lead": 10}"#));
        let place = |desk: &Desk, or_ours| Place { path: desk.path(), or_ours };
        let both = |or_ours| PolicyFile { places: vec![place(&system, or_ours), place(&own, true)] };
        assert_eq!(both(true).load().unwrap().refresh_lead, Some(30));
        // Tests that run as root are that administrator.
        if !rustix::process::geteuid().is_root() {
            let refused = both(false).load();
            assert!(matches!(refused, Err(Code::PolicyNotTrusted { .. })), "{refused:?}");
        }
        let system = PolicyFile::of(&own.home).places.remove(0);
        assert!(!system.or_ours && !system.path.starts_with(own.home.moved_to.unwrap()), "moved away");
    }

    #[test]
    fn errors_name_file_line_and_field() {
        for (text, on, named) in [
            ("{\n  \"autostart\": \"yes\"\n}", 2, "autostart"),
            ("{\n  \"colour\": 1\n}", 2, "colour"),
            ("{\n  \"network\": {\n    \"proxi\": \"x\"\n  }\n}", 3, "proxi"),
            ("{\n  \"autostart\": true\n  \"sound\": 1\n}", 3, "expected"),
            (
                "{\n\"safety\": {\n\"rules\": [{\"field\": \"name\", \"pattern\": \"pay(\", \"environment\": \"test\"}]}}",
                3,
                "pay(",
            ),
            ("", 1, "EOF"),
        ] {
            let desk = Desk::with(text);
            let Err(Code::FileUnparseable { path, line, what }) = desk.file().load() else {
                panic!("{text} was read")
            };
            assert_eq!((path, line), (desk.path().display().to_string(), on), "{text}: {what}");
            assert!(what.contains(named), "{what} does not name {named}");
        }
    }
}
