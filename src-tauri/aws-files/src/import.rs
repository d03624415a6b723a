//! What `~/.aws/config` says of SSO: which profiles sign in by it, and which another tool manages. Reading
//! only, and of a file that AWS's tools would reject everything but the lines they reject it for.

use crate::{
    ConfigFile, FileError,
    config_file::{profile_of, shell_words},
    conversion,
    document::Document,
    grammar::{self, ParseError, ParseErrorKind},
    place::Place,
};
use std::{collections::HashMap, sync::Arc};
use zeroize::Zeroizing;

/// A file with more lines than this that cannot be read is no config file.
const MOST_UNREAD: usize = 50;
/// So much of a line is shown.
const SHOWN: usize = 80;

/// What a config file says of SSO, in the file's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SsoConfig {
    /// Profiles with `sso_…` settings that nobody else manages.
    pub profiles: Vec<SsoProfile>,
    /// Profiles whose credentials another tool brings.
    pub managed: Vec<ManagedProfile>,
    /// Lines that cannot be read; what stands around them was.
    pub unread: Vec<UnreadLine>,
}

/// A profile with `sso_…` settings, as far as they are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsoProfile {
    /// The profile's name.
    pub name: String,
    /// The name of its `[sso-session …]`; `None`: the sign-in stands in the profile itself, as before
    /// there were any.
    pub session: Option<String>,
    /// Where to sign in, as it is written.
    pub start_url: Option<String>,
    /// The region of the sign-in.
    pub sso_region: Option<String>,
    /// The account's number.
    pub account: Option<String>,
    /// The role's name.
    pub role: Option<String>,
    /// The region that tools use.
    pub region: Option<String>,
    /// Whether [`ConfigFile::plan`] can give it a `[sso-session …]`.
    pub convertible: bool,
}

/// A profile that another tool manages by its `credential_process` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedProfile {
    /// The profile's name.
    pub name: String,
    /// The tool: `aws-vault`, `granted`, `Leapp` or `aws-sso-cli`.
    pub tool: &'static str,
}

/// A line that AWS's tools would reject the file for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadLine {
    /// The line, counted from 1, and what is wrong with it.
    pub error: ParseError,
    /// Its text, shortened; `None` where it may be a secret.
    pub text: Option<String>,
}

impl ConfigFile {
    /// What the file says of SSO; nothing when it is not there.
    ///
    /// # Errors
    /// [`FileError`], when the file is there and cannot be read at all.
    pub fn sso(&self) -> Result<SsoConfig, FileError> {
        let place = Place::find(self.path())?;
        let Some(loaded) = place.load()? else { return Ok(SsoConfig::default()) };
        read(&loaded.bytes).map_err(|error| FileError::Unparseable { path: self.path().to_path_buf(), error })
    }
}

fn read(bytes: &[u8]) -> Result<SsoConfig, ParseError> {
    let (document, unread) = without_unreadable(bytes)?;
    let mut found = SsoConfig { unread, ..SsoConfig::default() };
    let Outline { profiles: sections, sessions } = Outline::of(&document);
    let sessions: HashMap<_, _> = sessions.into_iter().collect();
    let readable = found.unread.iter().all(|line| line.error.kind == ParseErrorKind::ByteOrderMark);
    // Looked up once: few files have it, and each miss would go through all of the file.
    let defaults = document.has_section("DEFAULT");
    let value = |section: &str, key: &str| {
        let own = document.get(section, key);
        let value = if defaults { own.or_else(|| document.default_value(key)) } else { own };
        value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    for (name, section) in &sections {
        if let Some(tool) = value(section, "credential_process").and_then(|line| tool_of(&line)) {
            found.managed.push(ManagedProfile { name: name.clone(), tool });
            continue;
        }
        let session = value(section, "sso_session");
        let sign_in = match &session {
            Some(session) => sessions.get(session).map(String::as_str),
            None => Some(section.as_str()),
        };
        let profile = SsoProfile {
            name: name.clone(),
            start_url: sign_in.and_then(|section| value(section, "sso_start_url")),
            sso_region: sign_in.and_then(|section| value(section, "sso_region")),
            session,
            account: value(section, "sso_account_id"),
            role: value(section, "sso_role_name"),
            region: value(section, "region"),
            convertible: readable && conversion::legacy(&document, section).is_ok(),
        };
        if profile.session.is_some()
            || profile.start_url.is_some()
            || profile.account.is_some()
            || profile.role.is_some()
        {
            found.profiles.push(profile);
        }
    }
    Ok(found)
}

/// The sections that define profiles and sign-ins, in the file's order. Of those that define the same one
/// botocore takes the last.
pub(crate) struct Outline {
    /// Name and section.
    pub profiles: Vec<(String, String)>,
    /// Name and section.
    pub sessions: Vec<(String, String)>,
}

impl Outline {
    pub(crate) fn of(document: &Document) -> Self {
        let (mut profiles, mut sessions) = (Vec::new(), Vec::new());
        let (mut last_profile, mut last_session) = (HashMap::new(), HashMap::new());
        for section in document.sections() {
            if let Some(name) = profile_of(&section) {
                last_profile.insert(name.clone(), profiles.len());
                profiles.push((name, section));
            } else if let Some(name) = session_of(&section) {
                last_session.insert(name.clone(), sessions.len());
                sessions.push((name, section));
            }
        }
        let of = |all: Vec<(String, String)>, last: HashMap<String, usize>| {
            let each = all.into_iter().enumerate();
            each.filter(|(at, (name, _))| last.get(name) == Some(at)).map(|(_, it)| it).collect()
        };
        Self { profiles: of(profiles, last_profile), sessions: of(sessions, last_session) }
    }
}

/// The sign-in that a section defines: `sso-session` and its name, by the shell's rules.
fn session_of(section: &str) -> Option<String> {
    let mut words = section.starts_with("sso-session").then(|| shell_words(section))??;
    let name = words.pop()?;
    (words.len() == 1).then_some(name)
}

/// The tool behind a `credential_process` line, by its program's name.
pub(crate) fn tool_of(line: &str) -> Option<&'static str> {
    let words = shell_words(line)?;
    let program = words.first()?.rsplit(['/', '\\']).next()?.to_ascii_lowercase();
    match program.strip_suffix(".exe").unwrap_or(&program) {
        "aws-vault" => Some("aws-vault"),
        "granted" | "dgranted" => Some("granted"),
        "leapp" => Some("Leapp"),
        "aws-sso" => Some("aws-sso-cli"),
        _ => None,
    }
}

/// The file without the lines that AWS's tools reject. The keys of a section that begins a second time stay
/// out of the first, so its heading is given another name.
pub(crate) fn without_unreadable(bytes: &[u8]) -> Result<(Document, Vec<UnreadLine>), ParseError> {
    let mut bytes = Zeroizing::new(bytes.to_vec());
    let mut unread = Vec::new();
    // What was changed so far kept every line in its place.
    loop {
        let error = match Document::own(Arc::new(Zeroizing::new(bytes.to_vec()))) {
            Ok(document) => return Ok((document, unread)),
            Err(error) if unread.len() == MOST_UNREAD => return Err(error),
            Err(error) => error,
        };
        let line = grammar::lines(&bytes).line(error.line - 1, &bytes);
        let line = line.start..line.end;
        let text = shown(&String::from_utf8_lossy(&bytes[line.clone()]));
        let instead = match error.kind {
            ParseErrorKind::ByteOrderMark => {
                bytes.drain(..3);
                unread.push(UnreadLine { error, text: None });
                continue;
            }
            ParseErrorKind::DuplicateSection { .. } => format!("[again {}]", error.line).into_bytes(),
            _ => Vec::new(),
        };
        bytes.splice(line, instead);
        unread.push(UnreadLine { error, text });
    }
}

/// The line as a person may see it. Keys may stand in this file too, so a line that looks like one is not
/// shown: by its name, or by a long word of letters and digits.
pub(crate) fn shown(line: &str) -> Option<String> {
    let line = line.trim();
    let lower = line.to_ascii_lowercase();
    let named = ["secret", "token", "password", "access_key"].iter().any(|word| lower.contains(word));
    let key = |word: &str| {
        word.len() >= 16
            && word.bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=_-".contains(&b))
    };
    if named || line.split(|c: char| c.is_whitespace() || "[]'\",;:".contains(c)).any(key) {
        return None;
    }
    let mut text: String = line.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if line.chars().count() > SHOWN {
        text.push('…');
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const CONFIG: &str = "\
# by hand
[default]
region = eu-central-1
[sso-session acme]
sso_start_url = https://Acme.awsapps.com/start/#/
sso_region = eu-west-1
[profile pay-dev]
sso_session = acme
sso_account_id = 111122224444
sso_role_name = PowerUser
region = eu-west-1
[profile \"old one\"]
sso_start_url = https://acme.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 111122223333
sso_role_name = ReadOnly
[profile half]
sso_session = gone
sso_role_name = ReadOnly
[profile vaulted]
credential_process = /usr/local/bin/aws-vault export --format=json vaulted
[profile granted]
sso_session = acme
credential_process = granted credential-process --profile granted
[profile own]
credential_process = /opt/ours/keys.sh
";

    fn names(found: &SsoConfig) -> Vec<&str> {
        found.profiles.iter().map(|p| p.name.as_str()).collect()
    }

    #[test]
    fn sessions_inline_settings_and_what_is_missing() {
        let found = read(CONFIG.as_bytes()).unwrap();
        assert_eq!(names(&found), ["pay-dev", "old one", "half"]);
        let [dev, old, half] = found.profiles.try_into().unwrap();
        assert_eq!(dev.start_url.as_deref(), Some("https://Acme.awsapps.com/start/#/"));
        assert_eq!(dev.sso_region.as_deref(), Some("eu-west-1"));
        assert_eq!((dev.account.as_deref(), dev.role.as_deref()), (Some("111122224444"), Some("PowerUser")));
        assert_eq!((dev.session.as_deref(), dev.region.as_deref()), (Some("acme"), Some("eu-west-1")));
        assert_eq!((old.session, old.start_url.as_deref()), (None, Some("https://acme.awsapps.com/start")));
        assert_eq!((half.session.as_deref(), half.start_url, half.account), (Some("gone"), None, None));
        assert!(found.unread.is_empty());
    }

    #[test]
    fn what_others_manage_is_told_by_the_program() {
        let found = read(CONFIG.as_bytes()).unwrap();
        let managed: Vec<_> = found.managed.iter().map(|m| (m.name.as_str(), m.tool)).collect();
        assert_eq!(managed, [("vaulted", "aws-vault"), ("granted", "granted")]);
        for (line, tool) in [
            (r#""C:\\Program Files\\aws-sso.exe" process"#, Some("aws-sso-cli")),
            ("leapp session generate 1", Some("Leapp")),
            ("/opt/keys --for granted", None),
            ("'open", None),
        ] {
            assert_eq!(tool_of(line), tool, "{line}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_costs_no_other_profile() {
        let broken = CONFIG.replacen("[profile half]", "what is this\n[profile half]\n = 3", 1);
        let found = read(broken.as_bytes()).unwrap();
        assert_eq!(names(&found), ["pay-dev", "old one", "half"]);
        let unread: Vec<_> = found.unread.iter().map(|u| (u.error.line, u.text.as_deref())).collect();
        assert_eq!(unread, [(17, Some("what is this")), (19, Some("= 3"))]);
    }

    #[test]
    fn the_keys_of_a_section_that_begins_again_are_not_mixed_into_the_first() {
        let again = format!("{CONFIG}[profile pay-dev]\nsso_session = acme\nsso_role_name = Administrator\n");
        let found = read(again.as_bytes()).unwrap();
        assert_eq!(found.profiles[0].role.as_deref(), Some("PowerUser"));
        assert_eq!(found.unread.len(), 1);
    }

    #[test]
    fn a_byte_order_mark_is_told_and_looked_past() {
        let found = read(format!("\u{feff}{CONFIG}").as_bytes()).unwrap();
        assert_eq!((found.profiles.len(), found.unread[0].error.line), (3, 1));
    }

    #[test]
    fn a_line_that_may_be_a_secret_is_not_shown() {
        for line in [
            "aws_secret_access_key wJalr",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "AKIAIOSFODNN7EXAMPLE",
            "x \"AKIAIOSFODNN7EXAMPLE\"",
        ] {
            assert_eq!(shown(line), None, "{line}");
        }
        assert_eq!(shown(" sso_role_name ReadOnly ").as_deref(), Some("sso_role_name ReadOnly"));
        assert_eq!(shown(&"word ".repeat(40)).unwrap().chars().count(), 81);
    }

    #[test]
    fn what_is_no_config_file_at_all_is_an_error() {
        assert!(read("x\n".repeat(60).as_bytes()).is_err());
        assert_eq!(read(b"").unwrap(), SsoConfig::default());
    }

    #[test]
    fn a_profile_that_two_sections_define_is_listed_once_as_the_last_says() {
        let twice = "[profile a]\nsso_session=s\nsso_role_name=One\n[profile 'a']\nsso_session=s\nsso_role_name=Two\n";
        let found = read(twice.as_bytes()).unwrap();
        assert_eq!((names(&found), found.profiles[0].role.as_deref()), (vec!["a"], Some("Two")));
    }
}
