//! Notifications as facts; which to show is decided by [`super::notice`]'s rules, the words are the view's.

use super::{
    Timestamp,
    code::Code,
    delivery::Delivery,
    ids::{AppRef, Grant, OrgId, ProfileName},
};
use serde::{Deserialize, Serialize};

/// One thing to tell the person. Names follow the catalogue: N2 to N8, N10 to N16.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are what the variant's sentence names")]
pub enum Notice {
    /// N2: the sign-in ends soon and cannot renew silently.
    SignInEnding { org: OrgId, org_name: String, ends: Timestamp, profiles: Vec<ProfileName> },
    /// N3: the sign-in ended and a used profile depends on it.
    SignInEnded {
        org: OrgId,
        org_name: String,
        at: Timestamp,
        profiles: Vec<(ProfileName, Option<Timestamp>)>,
    },
    /// N4: profiles expired. `code` says why they were not renewed; `None` is for want of a sign-in.
    ProfilesExpired { org: OrgId, profiles: Vec<(ProfileName, Timestamp)>, code: Option<Code> },
    /// N5: refreshing fails and little time is left.
    RefreshFailing {
        org: OrgId,
        profiles: Vec<(ProfileName, Timestamp)>,
        failing_since: Timestamp,
        code: Code,
    },
    /// N6: roles of kept profiles are no longer assigned.
    AccessRemoved { org: OrgId, roles: Vec<LostRole> },
    /// N7: another program changed kept profiles; with the moment of our write that it changed.
    Conflict { org: OrgId, profiles: Vec<(ProfileName, Option<Timestamp>)> },
    /// N8: a profile that was kept for a limited time is kept no more.
    TimeOver {
        /// How it was delivered.
        #[serde(default)]
        delivery: Delivery,
        profile: ProfileName,
        grant: Grant,
        account_name: String,
        region: Option<String>,
        added: Timestamp,
        until: Timestamp,
    },
    /// N1: a program waits until a security key is touched, or until the person allows it.
    TouchNeeded {
        /// A word is enough: no key is asked for.
        #[serde(default)]
        by_word: bool,
        grant: Grant,
        account_name: String,
        program: Option<String>,
        pid: u32,
        number: u64,
        until: Timestamp,
    },
    /// A profile that is kept for a limited time is kept for a few minutes more.
    TimeEnding {
        profile: ProfileName,
        grant: Grant,
        account_name: String,
        region: Option<String>,
        delivery: Delivery,
        until: Timestamp,
    },
    /// N10: the sign-in was ended by the server.
    Revoked { org: OrgId, org_name: String, at: Timestamp },
    /// N10: a line of Activity is not what was written.
    RecordBroken { entry: i64 },
    /// N10: answers came that did not belong to the sign-in under way, more than once.
    StrangeAnswers { org: OrgId, org_name: String, at: Timestamp },
    /// N10: a server would have a password sent to another host. It was not.
    PasswordHostMoved { org: OrgId, org_name: String, host: String, at: Timestamp },
    /// N11: roles and applications were assigned. Account and role of each, and the names of applications.
    NewAccess {
        org: OrgId,
        org_name: String,
        roles: Vec<(String, String)>,
        apps: Vec<String>,
        noticed: Timestamp,
    },
    /// N12: few tries are left for a key's PIN, or none counts until it is plugged in anew. Since then.
    PinLow { key: String, left: Option<u8>, paused: bool, at: Timestamp },
    /// N13: another version of this program was installed while it runs. A sign-in that lives in memory only ends
    /// with a restart.
    UpdateReady { version: String, signs_out: bool },
    /// The person tries whether notifications are shown.
    Test,
    /// N14: the clock is off.
    ClockSkew { seconds: i64 },
    /// N15: a console that the person asked for could not be opened.
    LaunchFailed {
        grant: Grant,
        account_name: String,
        code: Code,
        destination: Option<String>,
        region: Option<String>,
    },
    /// N15: an application that the person asked for could not be opened.
    AppFailed { app: AppRef, name: String, code: Code },
    /// N16: credentials were copied without the window, and stay on the clipboard until then.
    Copied { grant: Grant, account_name: String, expires: Timestamp, until: Timestamp },
    /// Several that were held while the person was away, as one.
    WhileAway { notices: Vec<Notice> },
}

/// A role that is no longer assigned, and the profile it fed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostRole {
    /// The profile.
    pub profile: ProfileName,
    /// The role.
    pub grant: Grant,
    /// The account's name.
    pub account_name: String,
    /// When what stands in the file expires, or has.
    pub expires: Option<Timestamp>,
}

impl Notice {
    /// For the person's safety: told in spite of limits and of kinds that are switched off.
    #[must_use]
    pub fn is_security(&self) -> bool {
        matches!(
            self,
            Self::Revoked { .. }
                | Self::RecordBroken { .. }
                | Self::StrangeAnswers { .. }
                | Self::PasswordHostMoved { .. }
        )
    }

    /// What became of something that the person just did.
    #[must_use]
    pub fn is_result(&self) -> bool {
        matches!(
            self,
            Self::LaunchFailed { .. }
                | Self::AppFailed { .. }
                | Self::Copied { .. }
                | Self::TouchNeeded { .. }
        )
    }

    /// Equal keys are the same toast: the newer replaces the older.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::SignInEnding { org, ends, .. } => format!("sign-in-ending/{org}/{}", ends.as_second()),
            Self::SignInEnded { org, at, .. } => format!("sign-in-ended/{org}/{}", at.as_second()),
            Self::ProfilesExpired { org, .. } => format!("expired/{org}"),
            Self::RefreshFailing { org, .. } => format!("failing/{org}"),
            Self::AccessRemoved { org, .. } => format!("access-removed/{org}"),
            Self::Conflict { org, .. } => format!("conflict/{org}"),
            Self::TimeOver { profile, until, .. } => format!("time-over/{profile}/{}", until.as_second()),
            Self::TouchNeeded { number, .. } => format!("touch-needed/{number}"),
            Self::TimeEnding { profile, until, .. } => format!("time-ending/{profile}/{}", until.as_second()),
            Self::Revoked { org, at, .. } => format!("revoked/{org}/{}", at.as_second()),
            Self::RecordBroken { entry } => format!("record-broken/{entry}"),
            Self::PasswordHostMoved { org, host, .. } => format!("password-moved/{org}/{host}"),
            Self::StrangeAnswers { org, at, .. } => format!("strange-answers/{org}/{}", at.as_second()),
            Self::NewAccess { org, noticed, .. } => format!("new-access/{org}/{}", noticed.as_second()),
            Self::Copied { grant, .. } => format!("copied/{}/{}/{}", grant.org, grant.account, grant.role),
            Self::PinLow { key, left, at, .. } => {
                format!("pin-low/{key}/{}/{}", left.unwrap_or_default(), at.as_second())
            }
            Self::UpdateReady { version, .. } => format!("update-ready/{version}"),
            Self::Test => "test".to_owned(),
            Self::ClockSkew { .. } => "clock-skew".to_owned(),
            Self::LaunchFailed { grant, .. } => {
                format!("launch/{}/{}/{}", grant.org, grant.account, grant.role)
            }
            Self::AppFailed { app, .. } => format!("launch-app/{}/{}", app.org, app.app),
            Self::WhileAway { .. } => "while-away".to_owned(),
        }
    }

    /// What it tells, one key for each target with its moment: none of them is told twice.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        let key = self.key();
        let of = |profile: &ProfileName, at: Option<Timestamp>| {
            format!("{key}/{profile}/{}", at.map_or(0, Timestamp::as_second))
        };
        match self {
            Self::ProfilesExpired { profiles, .. } | Self::RefreshFailing { profiles, .. } => {
                profiles.iter().map(|(profile, at)| of(profile, Some(*at))).collect()
            }
            Self::Conflict { profiles, .. } => {
                profiles.iter().map(|(profile, at)| of(profile, *at)).collect()
            }
            Self::AccessRemoved { roles, .. } => roles.iter().map(|r| of(&r.profile, r.expires)).collect(),
            Self::WhileAway { notices } => notices.iter().flat_map(Self::keys).collect(),
            _ => vec![key],
        }
    }
}

/// What a person pressed on a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pressed {
    /// The body: does the first action.
    Body,
    /// Sign in.
    SignIn,
    /// Ask again in 10 minutes.
    Later,
    /// Show the details in the window.
    Details,
    /// Try the failed thing again.
    TryAgain,
    /// Keep the profile fresh once more.
    KeepOn,
    /// Do not open it.
    Deny,
    /// Start the version that was installed.
    Restart,
}
