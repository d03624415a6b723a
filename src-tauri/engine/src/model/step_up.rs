//! Step-up: a touch of a registered security key before a privileged role is used. Which roles ask for one, what
//! is asked, and what a touch opens for how long.

mod patterns;

pub use patterns::{Patterns, RolePattern};

use super::{
    Timestamp,
    environment::{Act, Environment, Sensitivity},
    ids::{AccountId, Grant, ProfileName, RoleName},
    keys::KeyFault,
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A question is given up when nobody answered it for so long.
pub const PATIENCE: SignedDuration = SignedDuration::from_secs(60);
/// A touch opens a role for so long, unless the person set it otherwise: 5 minutes to an hour.
pub const USUAL: u16 = 15;
const SHORTEST: u16 = 5;
const LONGEST: u16 = 60;

/// What the person set. Kept in the configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Roles that ask for a touch besides the privileged ones of production.
    pub marked: Vec<Marked>,
    /// Rules by which roles ask for one as if each of them were marked.
    pub patterns: Vec<RolePattern>,
    /// For so many minutes a touch opens a role; see [`Self::lasting`].
    pub minutes: u16,
    /// PIN or fingerprint besides the touch.
    pub verify: bool,
    /// What a touch opened is closed when the screen is locked.
    pub lock_ends: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { marked: Vec::new(), patterns: Vec::new(), minutes: USUAL, verify: false, lock_ends: true }
    }
}

impl Rules {
    /// How long a touch opens a role.
    #[must_use]
    pub fn lasting(&self) -> SignedDuration {
        SignedDuration::from_mins(self.minutes.clamp(SHORTEST, LONGEST).into())
    }

    /// Whether the person marked this very role. [`Patterns::fit`] tells for the rules.
    #[must_use]
    pub fn is_marked(&self, grant: &Grant) -> bool {
        self.marked.iter().any(|one| one.account == grant.account && one.role == grant.role)
    }

    /// Whether less is asked for with these rules than with those.
    #[must_use]
    pub fn is_laxer_than(&self, before: &Self) -> bool {
        before.marked.iter().any(|one| !self.marked.contains(one))
            || before.patterns.iter().any(|one| !self.patterns.contains(one))
            || self.lasting() > before.lasting()
            || (before.verify && !self.verify)
            || (before.lock_ends && !self.lock_ends)
    }
}

/// A role that the person marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marked {
    /// In which account.
    pub account: AccountId,
    /// Which role.
    pub role: RoleName,
}

/// A key that was made known here: a credential on it that is for step-up alone. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepUpKey {
    /// The credential's id, in hexadecimal digits.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Since when.
    pub added: Timestamp,
    /// When it was touched last.
    #[serde(default)]
    pub used: Option<Timestamp>,
    /// What whoever verifies it keeps: the public key and the counter.
    pub record: String,
}

/// Who asks for the touch, and so who verifies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// The person's own rules: verified here.
    Here,
    /// The organisation's policy: verified by its server, which gives no credentials without it.
    Server,
    /// Nobody: no key is known, and a program asks for what the person confirms in words. Allowed or denied by a
    /// button of the window.
    Words,
}

/// What a role asks for before it is used, as the person's rules have it. A role that only looks never asks,
/// unless it was marked, by hand or by a rule.
#[must_use]
pub fn asks_here(marked: bool, environment: Environment, sensitivity: Sensitivity) -> bool {
    marked || (environment == Environment::Production && sensitivity == Sensitivity::Privileged)
}

/// A role that a touch opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Which role.
    pub grant: Grant,
    /// The account's name.
    pub account_name: String,
    /// When the key was touched.
    pub since: Timestamp,
    /// When it closes by itself.
    pub until: Timestamp,
    /// Who asked for it.
    pub demand: Demand,
}

/// The program that waits, for people. Never a reason to allow anything by itself: the person does, having read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// Its name, where the system tells.
    pub name: Option<String>,
    /// Its process id; 0 where the system does not tell.
    pub pid: u32,
    /// Where its file is, where the system tells.
    pub path: Option<String>,
}

/// Why a question ended without a touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unanswered {
    /// The person denied it.
    Denied,
    /// The person denied it a moment ago; it was not asked again.
    DeniedBefore,
    /// Nobody touched a key in time.
    TimedOut,
    /// The organisation knows no security key of the person.
    NoKey,
    /// Nobody allowed it in time, where a word would have done.
    NotAllowed,
}

/// Why what a touch opened was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// Its time was over.
    Over,
    /// The person said so.
    Stopped,
    /// The sign-in ended.
    SignedOut,
    /// The screen was locked.
    Locked,
}

/// What the touch is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum For {
    /// A role is used.
    Role {
        /// Which.
        grant: Grant,
        /// The account's name.
        account_name: String,
        /// Where it belongs.
        environment: Environment,
        /// For what.
        act: Act,
        /// By which profile.
        profile: Option<ProfileName>,
        /// Who asks for the touch.
        demand: Demand,
    },
    /// A key is made known here.
    Register,
    /// A key is known here no more.
    Forget {
        /// Which.
        name: String,
    },
    /// What step-up asks for is changed, such as by another key.
    Change,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// No key is there, or none that has not been tried.
    Insert,
    /// A key is being talked to.
    Working,
    /// This key waits for a touch.
    Touch {
        /// Which.
        key: String,
    },
    /// This key waits for a finger.
    Finger {
        /// Which.
        key: String,
    },
    /// The PIN is asked for, in a window of its own.
    Pin,
    /// The server looks at the answer.
    Checking,
    /// A word of the person is waited for, and no key.
    Word,
}

/// A question that waits for a touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Counts questions: an answer is for one.
    pub number: u64,
    /// What for.
    pub wanted: For,
    /// The programs that wait, the first that asked first.
    pub programs: Vec<Program>,
    /// It is given up then.
    pub until: Timestamp,
    /// How far it is.
    pub progress: Progress,
    /// Why the last key was none, with its name.
    pub refused: Option<(String, KeyFault)>,
    /// So often the person asked to see it.
    pub raised: u32,
    /// Another key is there, or was tried.
    pub others: bool,
}

/// Step-up as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepUpNow {
    /// What is asked now.
    pub question: Option<Question>,
    /// What is open.
    pub opened: Vec<Opened>,
    /// Keys that are known here.
    pub keys: Vec<StepUpKey>,
    /// Roles that the organisation's server asks a touch for, as it told.
    pub demanded: Vec<Grant>,
}

/// What a key is asked to prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// That it is one of these; verified here.
    Here {
        /// Which.
        allowed: Vec<StepUpKey>,
        /// With PIN or fingerprint.
        verify: bool,
    },
    /// What a server wants to know.
    Server {
        /// The ceremony's options, WebAuthn's JSON.
        options: String,
        /// What the key signs as `origin`.
        origin: String,
    },
    /// Nothing: it is made known under this name, unless it is one of these.
    Register {
        /// Those that are known.
        known: Vec<StepUpKey>,
    },
}

/// What a key proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proved {
    /// It is this one, with the counter of this touch; or it is made known.
    Key(StepUpKey),
    /// An answer for the server, WebAuthn's JSON.
    Answer(String),
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::model::ids::OrgId;

    fn grant(account: &str, role: &str) -> Grant {
        Grant { org: OrgId::new("acme"), account: AccountId::new(account), role: RoleName::new(role) }
    }

    fn marked(account: &str, role: &str) -> Marked {
        Marked { account: AccountId::new(account), role: RoleName::new(role) }
    }

    #[test]
    fn privileged_in_production_or_marked_asks_for_a_touch() {
        use Environment::{Development, Production, Staging};
        use Sensitivity::{Normal, Privileged, ReadOnly};
        let rules = Rules { marked: vec![marked("1", "Deploy")], ..Rules::default() };
        for (role, environment, sensitivity, asks) in [
            ("Admin", Production, Privileged, true),
            ("Admin", Staging, Privileged, false),
            ("Developer", Production, Normal, false),
            ("ReadOnly", Production, ReadOnly, false),
            ("Deploy", Development, Normal, true),
        ] {
            let marked = rules.is_marked(&grant("1", role));
            assert_eq!(asks_here(marked, environment, sensitivity), asks, "{role}");
        }
        assert!(!rules.is_marked(&grant("2", "Deploy")), "of that account alone");
    }

    #[test]
    fn a_touch_counts_for_five_minutes_to_an_hour() {
        for (set, counts) in [(0, 5), (15, 15), (61, 60)] {
            let rules = Rules { minutes: set, ..Rules::default() };
            assert_eq!(rules.lasting(), SignedDuration::from_mins(counts));
        }
    }

    #[test]
    fn what_asks_for_less_is_laxer() {
        let pattern = |role: &str| RolePattern { role: role.into(), account: String::new() };
        let usual = Rules {
            marked: vec![marked("1", "Deploy")],
            patterns: vec![pattern("^deploy"), pattern("^admin")],
            verify: true,
            ..Rules::default()
        };
        let check = |change: fn(&mut Rules), laxer: bool| {
            let mut then = usual.clone();
            change(&mut then);
            assert_eq!(then.is_laxer_than(&usual), laxer, "{then:?}");
        };
        check(|_| (), false);
        check(|r| r.marked.push(marked("2", "Deploy")), false);
        check(|r| r.marked.clear(), true);
        check(|r| r.patterns.reverse(), false);
        check(|r| r.patterns.push(RolePattern { role: "x".into(), account: String::new() }), false);
        check(|r| r.patterns.truncate(1), true);
        check(|r| r.patterns[0].account = "dev".into(), true);
        check(|r| r.minutes = 30, true);
        check(|r| r.minutes = 5, false);
        check(|r| r.verify = false, true);
        check(|r| r.lock_ends = false, true);
    }

    #[test]
    fn a_key_of_an_older_version_is_read() {
        let text = r#"{"id":"0a","name":"Solo 2","added":"2026-11-26T08:00:00Z","record":"{}"}"#;
        let key: StepUpKey = serde_json::from_str(text).unwrap();
        assert_eq!((key.name.as_str(), key.used), ("Solo 2", None));
    }
}
