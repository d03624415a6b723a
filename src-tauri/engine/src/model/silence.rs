//! When a notification is shown, held back until the person is there, or dropped.

use super::{Timestamp, notice::Notice, presence::Presence, profile::Kept};
use jiff::SignedDuration;

/// Idle longer than this, the person would not see it.
pub const IDLE: SignedDuration = SignedDuration::from_mins(5);
/// Nothing but security for so long after the first start.
pub const NEW_INSTALLATION: SignedDuration = SignedDuration::from_mins(60);
/// At most one notification about expiry for an organisation in this time.
pub const SPACING: SignedDuration = SignedDuration::from_mins(10);
/// At most so many a day, besides results of what the person just did.
pub const A_DAY: usize = 6;
/// Offline for less than this is no news.
pub const SHORT_OFFLINE: SignedDuration = SignedDuration::from_mins(10);
/// What happens within this time becomes one notification.
pub const BATCH: SignedDuration = SignedDuration::from_secs(20);
/// How long before its end a sign-in that cannot renew itself is announced (N2).
pub const SIGN_IN_ENDING: SignedDuration = SignedDuration::from_mins(15);
/// Refreshing must fail for so long (N5) …
pub const FAILING: SignedDuration = SignedDuration::from_mins(10);
/// … and so little time be left (N5).
pub const LITTLE_LEFT: SignedDuration = SignedDuration::from_mins(10);
/// A profile that nobody used for so long is not told of: its end disturbs nobody, its row says how it
/// stands (rule 4 of the notification catalogue).
pub const UNUSED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whether a profile's expiry is nobody's concern. What is not known counts as use: to be told once too
/// often is better than not to be told.
#[must_use]
pub fn unused(kept: &Kept, now: Timestamp) -> bool {
    kept.used.is_some_and(|used| now.duration_since(used.max(kept.added)) >= UNUSED)
}

/// What surrounds the question.
#[derive(Clone, Debug)]
pub struct Circumstances<'a> {
    /// Now.
    pub now: Timestamp,
    /// Whether the person is there.
    pub presence: Presence,
    /// Notifications are switched on.
    pub enabled: bool,
    /// Quiet hours are switched on and it is such an hour.
    pub quiet: bool,
    /// The first start of this installation.
    pub installed: Timestamp,
    /// All refreshing is paused.
    pub paused: bool,
    /// The organisation is the sample.
    pub sandbox: bool,
    /// Offline since.
    pub offline: Option<Timestamp>,
    /// Keys and moments of what was shown.
    pub shown: &'a [(String, Timestamp)],
}

/// Why a notification is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Switched off.
    SwitchedOff,
    /// The window shows it already.
    WindowShowsIt,
    /// The screen is locked.
    ScreenLocked,
    /// The person is away.
    Idle,
    /// Do Not Disturb.
    DoNotDisturb,
    /// Quiet hours.
    QuietHours,
    /// The first hour.
    NewInstallation,
    /// Paused by the person.
    Paused,
    /// The sample organisation.
    Sandbox,
    /// Offline for a short time.
    Offline,
    /// One was shown less than 10 minutes ago.
    TooSoon,
    /// Enough for today.
    EnoughToday,
    /// This very one was shown.
    ShownAlready,
}

impl Reason {
    /// As it stands in Activity and the event log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SwitchedOff => "switched_off",
            Self::WindowShowsIt => "window_shows_it",
            Self::ScreenLocked => "screen_locked",
            Self::Idle => "idle",
            Self::DoNotDisturb => "do_not_disturb",
            Self::QuietHours => "quiet_hours",
            Self::NewInstallation => "new_installation",
            Self::Paused => "paused",
            Self::Sandbox => "sandbox",
            Self::Offline => "offline",
            Self::TooSoon => "too_soon",
            Self::EnoughToday => "enough_today",
            Self::ShownAlready => "shown_already",
        }
    }
}

/// What to do with a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Show it.
    Show,
    /// Ask again when something changes: it may still be true then.
    Hold(Reason),
    /// Never.
    Drop(Reason),
}

/// The rules of the notification catalogue, in the order in which they are named in Activity.
#[must_use]
pub fn verdict(notice: &Notice, c: &Circumstances<'_>) -> Verdict {
    use Verdict::{Drop, Hold, Show};
    let (security, asked_for) = (notice.is_security(), notice.is_result());
    let known = |key: &String| c.shown.iter().any(|(k, _)| k == key);
    if !asked_for && notice.keys().iter().all(known) {
        return Drop(Reason::ShownAlready);
    }
    if !c.enabled {
        return Drop(Reason::SwitchedOff);
    }
    if c.presence.window_focused {
        // The row in front of the person says how it went, and later it is no news.
        return if asked_for { Drop(Reason::WindowShowsIt) } else { Hold(Reason::WindowShowsIt) };
    }
    if asked_for {
        return Show;
    }
    if c.presence.locked {
        return Hold(Reason::ScreenLocked);
    }
    if SignedDuration::try_from(c.presence.idle).is_ok_and(|idle| idle > IDLE) {
        return Hold(Reason::Idle);
    }
    if c.presence.do_not_disturb {
        return Hold(Reason::DoNotDisturb);
    }
    if security {
        return Show;
    }
    if c.sandbox {
        return Drop(Reason::Sandbox);
    }
    if c.quiet {
        return Hold(Reason::QuietHours);
    }
    if c.now.duration_since(c.installed) < NEW_INSTALLATION {
        return Hold(Reason::NewInstallation);
    }
    if c.paused {
        return Hold(Reason::Paused);
    }
    if c.offline.is_some_and(|since| c.now.duration_since(since) < SHORT_OFFLINE) {
        return Hold(Reason::Offline);
    }
    if let Some(group) = group(&notice.key())
        && c.shown
            .iter()
            .any(|(k, at)| self::group(k).is_some_and(|g| g == group) && c.now.duration_since(*at) < SPACING)
    {
        return Hold(Reason::TooSoon);
    }
    let counts = |(k, at): &&(String, Timestamp)| {
        let kind = k.split('/').next().unwrap_or_default();
        !UNCOUNTED.contains(&kind) && c.now.duration_since(*at) < SignedDuration::from_hours(24)
    };
    // One notification may tell of several: what was shown at one moment was one.
    let mut today: Vec<_> = c.shown.iter().filter(counts).map(|(_, at)| at).collect();
    today.sort();
    today.dedup();
    if today.len() >= A_DAY {
        return Hold(Reason::EnoughToday);
    }
    Show
}

/// Kinds that do not count towards the limit of a day: what became of something that the person just did, and what
/// is for their safety.
const UNCOUNTED: [&str; 8] = [
    "launch",
    "launch-app",
    "copied",
    "touch-needed",
    "revoked",
    "record-broken",
    "strange-answers",
    "password-moved",
];

/// The organisation in the key of an expiry notification, whose kinds share one spacing.
fn group(key: &str) -> Option<&str> {
    let (kind, rest) = key.split_once('/')?;
    ["sign-in-ending", "sign-in-ended", "expired", "failing"]
        .contains(&kind)
        .then(|| rest.split('/').next().unwrap_or(rest))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::model::{
        code::Code,
        delivery::Delivery,
        ids::{AccountId, Grant, OrgId, ProfileName, RoleName},
    };
    use std::time::Duration;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    fn ending() -> Notice {
        Notice::SignInEnding {
            org: OrgId::new("acme"),
            org_name: "Acme".into(),
            ends: at(15),
            profiles: vec![ProfileName::new("pay-dev")],
        }
    }

    fn revoked() -> Notice {
        Notice::Revoked { org: OrgId::new("acme"), org_name: "Acme".into(), at: at(0) }
    }

    fn check<'a>(notice: &Notice, change: impl FnOnce(&mut Circumstances<'a>), expect: Verdict) {
        let mut c = Circumstances {
            now: at(0),
            presence: Presence::default(),
            enabled: true,
            quiet: false,
            installed: at(-120),
            paused: false,
            sandbox: false,
            offline: None,
            shown: &[],
        };
        change(&mut c);
        assert_eq!(verdict(notice, &c), expect);
    }

    #[test]
    fn each_rule_by_itself() {
        use Verdict::{Drop, Hold, Show};
        check(&ending(), |_| (), Show);
        check(&ending(), |c| c.enabled = false, Drop(Reason::SwitchedOff));
        check(&ending(), |c| c.presence.window_focused = true, Hold(Reason::WindowShowsIt));
        check(&ending(), |c| c.presence.locked = true, Hold(Reason::ScreenLocked));
        check(&ending(), |c| c.presence.idle = Duration::from_secs(301), Hold(Reason::Idle));
        check(&ending(), |c| c.presence.idle = Duration::from_secs(300), Show);
        check(&ending(), |c| c.presence.do_not_disturb = true, Hold(Reason::DoNotDisturb));
        check(&ending(), |c| c.quiet = true, Hold(Reason::QuietHours));
        check(&ending(), |c| c.installed = at(-59), Hold(Reason::NewInstallation));
        check(&ending(), |c| c.installed = at(-60), Show);
        check(&ending(), |c| c.paused = true, Hold(Reason::Paused));
        check(&ending(), |c| c.sandbox = true, Drop(Reason::Sandbox));
        check(&ending(), |c| c.offline = Some(at(-9)), Hold(Reason::Offline));
        check(&ending(), |c| c.offline = Some(at(-10)), Show);
    }

    #[test]
    fn never_twice_never_too_often() {
        let same = [(ending().key(), at(-30))];
        check(&ending(), |c| c.shown = &same, Verdict::Drop(Reason::ShownAlready));
        let other = [("expired/acme/1".to_owned(), at(-9))];
        check(&ending(), |c| c.shown = &other, Verdict::Hold(Reason::TooSoon));
        let elsewhere = [("expired/globex/1".to_owned(), at(-9))];
        check(&ending(), |c| c.shown = &elsewhere, Verdict::Show);
        let many: Vec<_> = (0..6).map(|n| (format!("conflict/acme/p{n}/0"), at(-100 - n))).collect();
        check(&ending(), |c| c.shown = &many, Verdict::Hold(Reason::EnoughToday));
        let merged: Vec<_> = (0..6).map(|n| (format!("conflict/acme/p{n}/0"), at(-100))).collect();
        check(&ending(), |c| c.shown = &merged, Verdict::Show);
        let failing = [("failing/acme/p/1".to_owned(), at(-9))];
        check(&ending(), |c| c.shown = &failing, Verdict::Hold(Reason::TooSoon));
    }

    #[test]
    fn what_is_for_safety_uses_up_nothing_of_a_day() {
        let (org, org_name) = (OrgId::new("acme"), "Acme".to_owned());
        let security = [
            revoked(),
            Notice::RecordBroken { entry: 7 },
            Notice::StrangeAnswers { org: org.clone(), org_name: org_name.clone(), at: at(0) },
            Notice::PasswordHostMoved { org, org_name, host: "evil.test".into(), at: at(0) },
        ];
        for notice in security {
            assert!(notice.is_security(), "{notice:?}");
            let many: Vec<_> = (0..6).map(|n| (format!("{}/{n}", notice.key()), at(-100 - n))).collect();
            check(&ending(), |c| c.shown = &many, Verdict::Show);
        }
    }

    #[test]
    fn what_is_new_is_told_with_what_is_known() {
        let conflict = |names: &[&str]| Notice::Conflict {
            org: OrgId::new("acme"),
            profiles: names.iter().map(|name| (ProfileName::new(*name), None)).collect(),
        };
        let shown = [("conflict/acme/a/0".to_owned(), at(-30))];
        check(&conflict(&["a"]), |c| c.shown = &shown, Verdict::Drop(Reason::ShownAlready));
        check(&conflict(&["a", "b"]), |c| c.shown = &shown, Verdict::Show);
    }

    #[test]
    fn what_the_person_saw_fail_is_not_told_later() {
        let failed = Notice::LaunchFailed {
            grant: Grant {
                org: OrgId::new("acme"),
                account: AccountId::new("1"),
                role: RoleName::new("Dev"),
            },
            account_name: "payments-dev".into(),
            code: Code::AccessRemoved,
            destination: None,
            region: None,
        };
        check(&failed, |c| c.presence.window_focused = true, Verdict::Drop(Reason::WindowShowsIt));
        check(&failed, |c| c.presence.locked = true, Verdict::Show);
        check(&failed, |c| c.sandbox = true, Verdict::Show);
    }

    #[test]
    fn seven_days_without_use_are_disuse() {
        let day = 24 * 60;
        for (added, used, expect) in [
            (0, None, false),
            (0, Some(0), true),
            (0, Some(1), false),
            (1, Some(0), false),
            (0, Some(30 * day), false),
        ] {
            let kept = Kept {
                profile: ProfileName::new("pay-dev"),
                grant: Grant {
                    org: OrgId::new("acme"),
                    account: AccountId::new("1"),
                    role: RoleName::new("Dev"),
                },
                region: None,
                paused: false,
                added: at(added),
                written: None,
                used: used.map(at),
                until: None,
                delivery: Delivery::CredentialsFile,
                placed: None,
                session: None,
                asked: None,
            };
            assert_eq!(unused(&kept, at(7 * day)), expect, "added {added}, used {used:?}");
        }
    }

    #[test]
    fn security_is_exempt_from_comfort() {
        check(&revoked(), |c| c.installed = at(0), Verdict::Show);
        check(&revoked(), |c| c.sandbox = true, Verdict::Show);
        check(&revoked(), |c| c.presence.locked = true, Verdict::Hold(Reason::ScreenLocked));
    }
}
