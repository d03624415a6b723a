//! Profiles of the config file whose sign-in stands in themselves, given a `[sso-session …]` of their own
//! or of one that is there: what changes, line for line, before anything does.

use crate::{
    document::Document,
    grammar::{ParseError, ParseErrorKind},
    import::{Outline, shown},
    values::check_value,
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, ops::Range, sync::Arc};
use zeroize::Zeroizing;

/// Tools may ask for role credentials with it and renew it (AWS: "SSO token provider configuration").
pub(crate) const SCOPES: &str = "sso:account:access";
pub(crate) const START_URL: &str = "sso_start_url";
pub(crate) const REGION: &str = "sso_region";
const SESSION: &str = "sso_session";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// So many unchanged lines are shown around a change.
const AROUND: usize = 1;

/// What a conversion would change. `Debug` shows nothing of the file.
#[derive(Clone)]
pub struct Conversion {
    /// The profiles and the name of the session that each gets, in the file's order.
    pub profiles: Vec<(String, String)>,
    /// The sessions that are added at the file's end.
    pub sessions: Vec<NewSession>,
    /// The change as a person reads it.
    pub diff: Vec<DiffLine>,
    /// SHA-256 of the file as it is, 64 hexadecimal digits.
    pub before: String,
    /// SHA-256 of the file as it would be.
    pub after: String,
    pub(crate) new: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Conversion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conversion").field("profiles", &self.profiles).finish_non_exhaustive()
    }
}

/// A `[sso-session …]` that is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// Its name.
    pub name: String,
    /// As the first of its profiles writes it.
    pub start_url: String,
    /// The region of the sign-in.
    pub region: String,
}

/// A line of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// What becomes of it.
    pub kind: DiffKind,
    /// Its number in the file as it is, counted from 1; `None` for one that is added.
    pub line: Option<usize>,
    /// Its text; `None` for one that stays and may be a secret.
    pub text: Option<String>,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffKind {
    /// It stays.
    Kept,
    /// It goes.
    Removed,
    /// It comes.
    Added,
    /// Lines that stay and are not shown.
    Skipped,
}

/// Why a profile cannot be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotConvertible {
    /// The file has no such profile, or not any more.
    #[error("it is not in the file any more")]
    Gone,
    /// Its sign-in does not stand in itself.
    #[error("its sign-in does not stand in the profile itself")]
    NotLegacy,
    /// `[DEFAULT]` has settings of every section that would stand against the profile's own: botocore
    /// rejects a profile whose session says something else.
    #[error("[DEFAULT] has settings that would stand against its own")]
    Inherited,
    /// A start URL or region that no tool reads as such.
    #[error("its start URL or region cannot be read as one")]
    Value,
    /// Another line would be read differently.
    #[error("another line of the file would be read differently")]
    WouldDamage,
}

/// The sign-in of a profile that holds it itself.
pub(crate) struct Legacy {
    pub start_url: String,
    pub region: String,
}

/// The sign-in that stands in a profile's section.
pub(crate) fn legacy(document: &Document, section: &str) -> Result<Legacy, NotConvertible> {
    if [START_URL, REGION, SESSION].iter().any(|key| document.default_value(key).is_some()) {
        return Err(NotConvertible::Inherited);
    }
    let value = |key| document.get(section, key).map(|value| value.to_string());
    let (Some(start_url), Some(region), None) = (value(START_URL), value(REGION), value(SESSION)) else {
        return Err(NotConvertible::NotLegacy);
    };
    let plain = |value: &str| check_value("sso", value).is_ok();
    let own = |key: &String| document.get(section, key);
    if document
        .all_default_keys()
        .iter()
        .any(|key| own(key).is_some_and(|it| Some(it) != document.default_value(key)))
    {
        return Err(NotConvertible::Inherited);
    }
    if !plain(&start_url) || !plain(&region) || host_of(&start_url).is_none() {
        return Err(NotConvertible::Value);
    }
    Ok(Legacy { start_url, region })
}

/// A file as a document, and what stands before it: tools reject a byte order mark, and it stays.
pub(crate) fn read(bytes: &[u8]) -> Result<(&'static [u8], Document), ParseError> {
    let (mark, rest) = match bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => (BYTE_ORDER_MARK, rest),
        None => (&b""[..], bytes),
    };
    match Document::own(Arc::new(Zeroizing::new(rest.to_vec()))) {
        // A second mark is text before the first section.
        Err(ParseError { line, kind: ParseErrorKind::ByteOrderMark }) if !mark.is_empty() => {
            Err(ParseError { line, kind: ParseErrorKind::TextBeforeSection })
        }
        document => Ok((mark, document?)),
    }
}

/// SHA-256, 64 hexadecimal digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// What converting these profiles of a file would change.
pub(crate) fn plan(bytes: &[u8], names: &[String]) -> Result<Conversion, Refusal> {
    let (mark, before) = read(bytes).map_err(Refusal::Unreadable)?;
    let outline = Outline::of(&before);
    if let Some(name) = names.iter().find(|name| !outline.profiles.iter().any(|(known, _)| known == *name)) {
        return Err(Refusal::Profile(name.clone(), NotConvertible::Gone));
    }
    let mut sessions = Sessions::of(&before, &outline);
    let mut after = before.clone();
    let mut changes = Changes::default();
    let mut profiles = Vec::new();
    let mut sections = Vec::new();
    for (name, section) in outline.profiles.iter().filter(|(name, _)| names.contains(name)) {
        let legacy = legacy(&before, section).map_err(|why| Refusal::Profile(name.clone(), why))?;
        let session = sessions.for_profile(section, &legacy);
        changes.of_profile(&before, section, &session);
        sections.push(section);
        profiles.push((name.clone(), session));
    }
    let damage = |name: &str| Refusal::Profile(name.to_owned(), NotConvertible::WouldDamage);
    // First, so that a file without an ending at its end stays so when its last line goes.
    for NewSession { name, start_url, region } in &sessions.added {
        let keys = [(START_URL, start_url.as_str()), (REGION, region), ("sso_registration_scopes", SCOPES)];
        let section = format!("sso-session {name}");
        after.set_keys(&section, &keys).map_err(|_| damage(name))?;
        changes.added.extend([String::new(), format!("[{section}]")]);
        changes.added.extend(keys.map(|(key, value)| format!("{key} = {value}")));
    }
    for (section, (name, session)) in sections.into_iter().zip(&profiles) {
        after.exchange_key(section, START_URL, SESSION, session).map_err(|_| damage(name))?;
        after.remove_keys(section, &[REGION]).map_err(|_| damage(name))?;
    }
    let new = Zeroizing::new([mark, after.to_bytes()].concat());
    Ok(Conversion {
        profiles,
        sessions: sessions.added,
        diff: changes.diff(&before),
        before: digest(bytes),
        after: digest(&new),
        new,
    })
}

/// The lines of a profile's section, from its header to its last key.
pub(crate) fn place(document: &Document, section: &str) -> Option<Range<usize>> {
    let header = document.header_line(section)?;
    let last = document.keys(section).flat_map(|key| document.lines_of(section, &key)).max();
    Some(header..last.unwrap_or(header) + 1)
}

/// How many lines a profile's section loses.
pub(crate) fn lines_gone(document: &Document, section: &str) -> usize {
    document.lines_of(section, START_URL).len() + document.lines_of(section, REGION).len() - 1
}

/// Why nothing was planned.
#[derive(Debug)]
pub(crate) enum Refusal {
    Unreadable(ParseError),
    Profile(String, NotConvertible),
}

/// Sign-ins by name: those of the file and those to add.
pub(crate) struct Sessions<'a> {
    document: &'a Document,
    /// Those that can be used as they are.
    known: Vec<Known>,
    /// Every name that is taken, in lower case.
    taken: Vec<String>,
    pub added: Vec<NewSession>,
}

struct Known {
    name: String,
    /// Its section; `None` for one that is added.
    section: Option<String>,
    /// Comparable.
    start_url: String,
    region: String,
}

impl<'a> Sessions<'a> {
    pub fn of(document: &'a Document, outline: &Outline) -> Self {
        let known = outline.sessions.iter().filter_map(|(name, section)| {
            let value = |key| document.get(section, key).map(|value| value.to_string());
            check_value("sso_session", name).ok()?;
            let (start_url, region) = (comparable(&value(START_URL)?), value(REGION)?);
            Some(Known { name: name.clone(), section: Some(section.clone()), start_url, region })
        });
        let taken = outline.sessions.iter().map(|(name, _)| name.to_lowercase()).collect();
        Self { document, known: known.collect(), taken, added: Vec::new() }
    }

    /// The session for a profile: one that is there, else a new one named after its host.
    pub fn for_profile(&mut self, profile: &str, Legacy { start_url, region }: &Legacy) -> String {
        let key = comparable(start_url);
        let fits = |it: &&Known| it.start_url == key && it.region == *region && self.agrees(it, profile);
        if let Some(known) = self.known.iter().find(fits) {
            return known.name.clone();
        }
        let base = name_for(start_url);
        let numbered = |number: u32| if number == 1 { base.clone() } else { format!("{base}-{number}") };
        let free = (1..).map(numbered).find(|name| !self.taken.contains(name));
        let name = free.unwrap_or(base);
        self.taken.push(name.clone());
        self.known.push(Known { name: name.clone(), section: None, start_url: key, region: region.clone() });
        let (start_url, region) = (start_url.clone(), region.clone());
        self.added.push(NewSession { name: name.clone(), start_url, region });
        name
    }

    /// botocore rejects a profile that sets a key of its session to something else
    /// (`_resolve_sso_session_reference`).
    fn agrees(&self, known: &Known, profile: &str) -> bool {
        let Some(section) = &known.section else { return true };
        self.document.keys(section).filter(|key| ![START_URL, REGION].contains(&key.as_str())).all(|key| {
            let own = self.document.effective(profile, &key);
            own.is_none() || own == self.document.get(section, &key)
        })
    }
}

/// Scheme and host of a start URL, and where its path begins.
fn host_of(start_url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = start_url.split_once("://")?;
    let http = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    (http && !host.is_empty()).then_some((scheme, host, path))
}

/// A start URL so that two ways to write one are equal: AWS's own page adds `/`, `#/` and a query.
pub(crate) fn comparable(start_url: &str) -> String {
    let Some((scheme, host, path)) = host_of(start_url.trim()) else { return start_url.trim().to_owned() };
    let path = path.find(['?', '#']).map_or(path, |end| &path[..end]).trim_end_matches('/');
    format!("{}://{}{path}", scheme.to_ascii_lowercase(), host.to_ascii_lowercase())
}

/// `acme` for `https://acme.awsapps.com/start`: AWS's own domains say nothing, others stay whole.
fn name_for(start_url: &str) -> String {
    let host = host_of(start_url).map_or("", |(_, host, _)| host).to_ascii_lowercase();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let first = host.split('.').next().unwrap_or_default();
    let of_aws = ["awsapps.com", "awsapps.cn", "app.aws", "amazonaws.com", "amazonaws.com.cn"];
    let name = if of_aws.iter().any(|domain| host.ends_with(&format!(".{domain}"))) { first } else { host };
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "sso".to_owned() } else { name.to_owned() }
}

/// Lines of the file as it is that go, with what comes instead; and what comes at its end.
#[derive(Default)]
struct Changes {
    lines: BTreeMap<usize, Option<String>>,
    headers: Vec<usize>,
    added: Vec<String>,
}

impl Changes {
    fn of_profile(&mut self, before: &Document, section: &str, session: &str) {
        for key in [START_URL, REGION] {
            self.lines.extend(before.lines_of(section, key).into_iter().map(|line| (line, None)));
        }
        if let Some(first) = before.lines_of(section, START_URL).first() {
            self.lines.insert(*first, before.exchanged_line(section, START_URL, SESSION, session));
        }
        self.headers.extend(before.header_line(section));
    }

    /// The changed lines, the headers of their sections, and a line around each.
    fn diff(&self, before: &Document) -> Vec<DiffLine> {
        let count = before.line_count();
        let near = |line: usize| line.saturating_sub(AROUND)..(line + AROUND + 1).min(count);
        let mut shown_lines: Vec<usize> =
            self.lines.keys().flat_map(|line| near(*line)).chain(self.headers.iter().copied()).collect();
        if !self.added.is_empty() {
            shown_lines.extend(count.saturating_sub(AROUND)..count);
        }
        shown_lines.sort_unstable();
        shown_lines.dedup();
        let mut diff = Vec::new();
        let mut next = 0;
        for line in shown_lines {
            if line > next {
                diff.push(DiffLine { kind: DiffKind::Skipped, line: None, text: None });
            }
            next = line + 1;
            let text = String::from_utf8_lossy(before.line_text(line)).into_owned();
            let number = Some(line + 1);
            match self.lines.get(&line) {
                None => {
                    let blank = text.trim().is_empty();
                    let text = if blank { Some(String::new()) } else { shown(&text) };
                    diff.push(DiffLine { kind: DiffKind::Kept, line: number, text });
                }
                Some(instead) => {
                    diff.push(DiffLine { kind: DiffKind::Removed, line: number, text: Some(text) });
                    diff.extend(instead.clone().map(added));
                }
            }
        }
        if next < count {
            diff.push(DiffLine { kind: DiffKind::Skipped, line: None, text: None });
        }
        diff.extend(self.added.iter().cloned().map(added));
        diff
    }
}

fn added(text: String) -> DiffLine {
    DiffLine { kind: DiffKind::Added, line: None, text: Some(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_named_after_the_organisations_host() {
        for (url, name) in [
            ("https://acme.awsapps.com/start", "acme"),
            ("https://D-1234567890.awsapps.com/start#/", "d-1234567890"),
            ("https://ssoins-7223.portal.eu-west-1.app.aws", "ssoins-7223"),
            ("https://start.us-gov-home.awsapps.com/directory/acme", "start"),
            ("https://sso.acme.test:8443/start", "sso-acme-test"),
            ("http://localhost:8080/start", "localhost"),
            ("http://[::1]:8080/start", "sso"),
        ] {
            assert_eq!(name_for(url), name, "{url}");
        }
    }

    #[test]
    fn ways_to_write_one_start_url() {
        let expect = comparable("https://acme.awsapps.com/start");
        for same in ["https://ACME.awsapps.com/start/", "https://acme.awsapps.com/start/#/?tab=accounts"] {
            assert_eq!(comparable(same), expect, "{same}");
        }
        for other in
            ["http://acme.awsapps.com/start", "https://acme.awsapps.com", "https://b.awsapps.com/start"]
        {
            assert_ne!(comparable(other), expect, "{other}");
        }
    }
}
