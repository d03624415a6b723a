//! The tray icon's state: told by shape, the highest priority wins. And the one line that says the same.

use crate::{
    credentials::{active_in_production, is_over},
    menu::LONGEST,
    offline::keeps_consoles_closed,
    words::{clock, count, left},
};
use engine::{
    Snapshot,
    model::{
        Timestamp,
        organisation::Kind,
        portal::Sync,
        profile::State,
        sign_in::{Ended, SignIn},
    },
    snapshot::{OrganisationNow, ProfileNow},
};
use jiff::{SignedDuration, tz::TimeZone};

/// A sign-in or profile that has less than this left and cannot renew itself is "expiring".
pub const EXPIRING: SignedDuration = SignedDuration::from_mins(10);

/// What the glyph shows, in the order of priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IconShape {
    /// A security key has to be touched.
    Touch,
    /// Only the person helps.
    NeedsYou,
    /// Soon only the person helps.
    Expiring,
    /// Paused by the person.
    Paused,
    /// No network.
    Offline,
    /// Nobody is signed in.
    SignedOut,
    /// Something is being fetched.
    Refreshing,
    /// All well.
    AllWell,
}

impl IconShape {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Touch,
        Self::NeedsYou,
        Self::Expiring,
        Self::Paused,
        Self::Offline,
        Self::SignedOut,
        Self::Refreshing,
        Self::AllWell,
    ];

    /// The picture's name, without theme and ending: `needs-you`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Touch => "touch",
            Self::NeedsYou => "needs-you",
            Self::Expiring => "expiring",
            Self::Paused => "paused",
            Self::Offline => "offline",
            Self::SignedOut => "signed-out",
            Self::Refreshing => "refreshing",
            Self::AllWell => "all-well",
        }
    }
}

/// What the tray icon shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IconState {
    /// The glyph.
    pub shape: IconShape,
    /// Drawn in the dotted square of the sample organisation: nothing real is there.
    pub sandbox: bool,
}

/// The icon for a snapshot.
#[must_use]
pub fn icon(snapshot: &Snapshot) -> IconState {
    let sandbox = !snapshot.organisations.is_empty()
        && snapshot.organisations.iter().all(|o| o.organisation.kind == Kind::Sandbox);
    IconState { shape: shape(snapshot), sandbox }
}

fn shape(s: &Snapshot) -> IconShape {
    if s.step_up.question.is_some() {
        return IconShape::Touch;
    }
    let ended = |o: &OrganisationNow| matches!(o.sign_in, SignIn::Ended { .. });
    if s.organisations.iter().any(ended) || s.profiles.iter().any(|p| needs_person(p, s.at)) {
        return IconShape::NeedsYou;
    }
    if s.organisations.iter().any(|o| sign_in_left(s, o).is_some_and(|left| left < EXPIRING))
        || s.profiles.iter().any(|p| {
            matches!(p.state, State::Retrying { .. } | State::NotWritable(_))
                && p.kept.written.as_ref().is_some_and(|w| w.expires.duration_since(s.at) < EXPIRING)
        })
    {
        return IconShape::Expiring;
    }
    if s.pause.is_some() {
        return IconShape::Paused;
    }
    if !s.online {
        return IconShape::Offline;
    }
    if !s.organisations.iter().any(|o| matches!(o.sign_in, SignIn::SignedIn(_))) {
        return IconShape::SignedOut;
    }
    let busy = |o: &OrganisationNow| matches!(o.sync, Sync::Running { .. });
    if s.organisations.iter().any(busy) || s.profiles.iter().any(|p| p.state == State::Refreshing) {
        return IconShape::Refreshing;
    }
    IconShape::AllWell
}

/// Whether a profile stands still until the person does something, or has stopped working.
#[must_use]
pub fn needs_person(p: &ProfileNow, now: Timestamp) -> bool {
    let failing = matches!(p.state, State::Retrying { .. }) && is_over(p, now);
    failing
        || matches!(
            p.state,
            State::SignInNeeded
                | State::Expired
                | State::AccessRemoved
                | State::Conflict(_)
                | State::NotWritable(_)
                | State::TouchNeeded
        )
}

/// The time left of a sign-in whose end is known.
#[must_use]
pub fn sign_in_left(s: &Snapshot, org: &OrganisationNow) -> Option<SignedDuration> {
    match &org.sign_in {
        SignIn::SignedIn(session) => Some(session.known_end()?.duration_since(s.at)),
        _ => None,
    }
}

/// The first row of the menu: `Acme: signed in, 6 h 12 min left`, `Sign in to Acme...`.
#[must_use]
pub fn status_line(s: &Snapshot, zone: &TimeZone) -> String {
    s.chosen().map_or_else(|| "Set up Latchkey...".to_owned(), |org| organisation_line(s, org, zone))
}

/// The sign-in of one organisation in a line.
#[must_use]
pub fn organisation_line(s: &Snapshot, org: &OrganisationNow, zone: &TimeZone) -> String {
    line_of(s, org, &org.organisation.name, zone)
}

/// As [`organisation_line`], with the name as it is to be written.
pub(crate) fn line_of(s: &Snapshot, org: &OrganisationNow, name: &str, zone: &TimeZone) -> String {
    let (line, short) = match &org.sign_in {
        SignIn::SignedOut => (format!("Sign in to {name}..."), "Sign in...".to_owned()),
        SignIn::InProgress(_) => said(name, "finish signing in in your browser".to_owned()),
        SignIn::SignedIn(_) => said(name, signed_in(s, org)),
        SignIn::Ended { at, why: Ended::Expired } => {
            let ended = clock(s.at, *at, zone);
            (format!("Sign in to {name} again (ended {ended})"), format!("Sign in again (ended {ended})"))
        }
        SignIn::Ended { why: Ended::Revoked, .. } => {
            (format!("{name} ended your sign-in. Sign in again..."), "Sign in again...".to_owned())
        }
    };
    marked(org, line, &short)
}

fn signed_in(s: &Snapshot, org: &OrganisationNow) -> String {
    let offline = if keeps_consoles_closed(s, org) { "offline, " } else { "" };
    let time = sign_in_left(s, org).map(|time| format!(", {} left", left(time))).unwrap_or_default();
    format!("{offline}signed in{time}")
}

/// With the name and without it.
fn said(name: &str, text: String) -> (String, String) {
    (format!("{name}: {text}"), text)
}

/// Nothing real is there: that is said first. Where no room is left for both, the sample's name gives way:
/// there is one sample at most.
fn marked(org: &OrganisationNow, line: String, short: &str) -> String {
    if org.organisation.kind != Kind::Sandbox {
        return line;
    }
    let whole = format!("SANDBOX - {line}");
    if whole.chars().count() > LONGEST { format!("SANDBOX - {short}") } else { whole }
}

/// The sign-in of an organisation beside others, where a click chooses it: `Globex: signed out`.
pub(crate) fn standing_of(s: &Snapshot, org: &OrganisationNow, name: &str, zone: &TimeZone) -> String {
    let text = match &org.sign_in {
        SignIn::SignedOut => "signed out".to_owned(),
        SignIn::InProgress(_) => "signing in".to_owned(),
        SignIn::SignedIn(_) => signed_in(s, org),
        SignIn::Ended { at, .. } => format!("sign-in ended {}", clock(s.at, *at, zone)),
    };
    let (line, short) = said(name, text);
    marked(org, line, &short)
}

/// The second row: `3 profiles fresh, next refresh 14:31`; `None` while no profile is kept.
#[must_use]
pub fn profiles_line(s: &Snapshot, zone: &TimeZone) -> Option<String> {
    if s.profiles.is_empty() {
        return None;
    }
    let needing: Vec<_> = s.profiles.iter().filter(|p| needs_person(p, s.at)).collect();
    if !needing.is_empty() {
        let who = count(needing.len(), "profile");
        let verb = if needing.len() == 1 { "needs" } else { "need" };
        let sign_in = needing.iter().all(|p| matches!(p.state, State::SignInNeeded | State::Expired));
        return Some(format!("{who} {verb} you: {}", if sign_in { "sign in" } else { "see details" }));
    }
    // Live systems stand open: that is said before anything comfortable.
    if let Some(p) = active_in_production(s).next() {
        let ends = p.kept.until.or(p.kept.written.as_ref().map(|w| w.expires));
        let time = ends.map(|end| left(end.duration_since(s.at))).unwrap_or_default();
        return Some(format!("{} active in production, {time}", p.kept.profile));
    }
    if let Some(pause) = &s.pause {
        return Some(match pause.until {
            Some(until) => format!("Refreshing is paused until {}", clock(s.at, until, zone)),
            None => "Refreshing is paused".to_owned(),
        });
    }
    let works = |p: &&ProfileNow| p.kept.written.as_ref().is_some_and(|w| w.expires > s.at);
    let fresh = s.profiles.iter().filter(works).count();
    let next =
        s.next_refresh.map(|at| format!(", next refresh {}", clock(s.at, at, zone))).unwrap_or_default();
    Some(format!("{} fresh{next}", count(fresh, "profile")))
}

/// Time that is worth a place beside the icon.
const BESIDE: SignedDuration = SignedDuration::from_mins(15);

/// The text beside the icon, where the platform has room and the person wants it: `12m`, while the sign-in that the
/// first row speaks of ends soon.
#[must_use]
pub fn beside(s: &Snapshot) -> Option<String> {
    let time = sign_in_left(s, s.chosen()?).filter(|time| s.settings.tray.time_beside && *time < BESIDE)?;
    Some(format!("{}m", time.as_mins().max(0)))
}

/// The tooltip, where the platform has one: `Latchkey: Acme, 6 h 12 min left`; at most 127 characters.
#[must_use]
pub fn tooltip(s: &Snapshot, zone: &TimeZone) -> String {
    let text = match (s.chosen(), shape(s)) {
        (Some(org), IconShape::AllWell | IconShape::Refreshing) => match sign_in_left(s, org) {
            Some(_) if org.organisation.kind == Kind::Sandbox => {
                format!("Latchkey: {}", status_line(s, zone))
            }
            Some(time) => format!("Latchkey: {}, {} left", org.organisation.name, left(time)),
            None => format!("Latchkey: {}", status_line(s, zone)),
        },
        (_, IconShape::Touch) => match crate::step_up::waits_for(s) {
            Some(what) => {
                let to_do = crate::step_up::to_do(s);
                format!("Latchkey: {}{}: {what}", to_do[..1].to_lowercase(), &to_do[1..])
            }
            None => "Latchkey: touch your key to continue".to_owned(),
        },
        (_, IconShape::NeedsYou) => match profiles_line(s, zone) {
            Some(line) => format!("Latchkey: {line}"),
            None => format!("Latchkey: {}", status_line(s, zone)),
        },
        (_, IconShape::Offline) => "Latchkey: offline".to_owned(),
        (_, IconShape::Paused) => "Latchkey: refreshing is paused".to_owned(),
        _ => format!("Latchkey: {}", status_line(s, zone)),
    };
    text.chars().take(127).collect()
}
