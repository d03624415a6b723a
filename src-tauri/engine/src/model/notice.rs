//! Notifications as facts; which to show is decided by [`super::notice`]'s rules, the words are the view's.

use super::{
    Timestamp,
    code::Code,
    ids::{Grant, OrgId, ProfileName},
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
    /// N4: profiles expired.
    ProfilesExpired { org: OrgId, at: Timestamp, profiles: Vec<ProfileName> },
    /// N5: refreshing fails and little time is left.
    RefreshFailing { profile: ProfileName, expires: Timestamp, failing_since: Timestamp, code: Code },
    /// N6: the role of a kept profile is no longer assigned.
    AccessRemoved { profile: ProfileName, grant: Grant, account_name: String, expires: Option<Timestamp> },
    /// N7: another program changed a kept profile.
    Conflict { profile: ProfileName },
    /// N10: the sign-in was ended by the server.
    Revoked { org: OrgId, org_name: String, at: Timestamp },
    /// N14: the clock is off.
    ClockSkew { seconds: i64 },
    /// N15: a console that the person asked for could not be opened.
    LaunchFailed { grant: Grant, account_name: String, code: Code },
}

impl Notice {
    /// Equal keys are the same toast: the newer replaces the older, and the same key with the same
    /// moment is never shown twice.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::SignInEnding { org, ends, .. } => format!("sign-in-ending/{org}/{}", ends.as_second()),
            Self::SignInEnded { org, at, .. } => format!("sign-in-ended/{org}/{}", at.as_second()),
            Self::ProfilesExpired { org, at, .. } => format!("expired/{org}/{}", at.as_second()),
            Self::RefreshFailing { profile, expires, .. } => {
                format!("failing/{profile}/{}", expires.as_second())
            }
            Self::AccessRemoved { profile, .. } => format!("access-removed/{profile}"),
            Self::Conflict { profile } => format!("conflict/{profile}"),
            Self::Revoked { org, at, .. } => format!("revoked/{org}/{}", at.as_second()),
            Self::ClockSkew { .. } => "clock-skew".to_owned(),
            Self::LaunchFailed { grant, .. } => {
                format!("launch/{}/{}/{}", grant.org, grant.account, grant.role)
            }
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
