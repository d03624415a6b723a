//! Notifications as facts; which to show is decided by [`super::notice`]'s rules, the words are the view's.

use super::{
    Timestamp,
    code::Code,
    ids::{AppRef, Grant, OrgId, ProfileName},
};
use serde::{Deserialize, Serialize};

/// One thing to tell the person. Names follow the catalogue: N2, N3, N4, N5, N6, N7, N10, N14, N15.
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
    /// N10: the sign-in was ended by the server.
    Revoked { org: OrgId, org_name: String, at: Timestamp },
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
            Self::Revoked { org, at, .. } => format!("revoked/{org}/{}", at.as_second()),
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
}
