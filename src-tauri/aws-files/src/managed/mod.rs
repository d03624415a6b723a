//! Profiles of `~/.aws/config` that we write: which are ours, what a wish would change, and that change on
//! the disk.
//!
//! A section is ours when a comment in it says so ([`Origin`]) and names the profile: a copy that a person
//! made under another name is theirs. One with the engine's stamp ([`crate::STAMP_KEY`]) is the engine's
//! alone. In our sections only our keys are ours; everywhere else nothing is.

mod apply;
mod diff;
mod file;
mod listing;
mod marker;
mod plan;

pub(crate) use marker::{is_marked, unmark};

pub use file::Written;
pub use listing::{ConfigListing, ListedProfile, ListedSession, Whose};
pub use marker::Origin;
pub use plan::{ManageError, ManagedPlan, Removal};

use crate::values::{ProfileName, Refused, check_value};

/// Keys by which AWS's tools find credentials. Those of them that a wish does not name leave our sections:
/// one that is looked at before the others would lead past them.
pub(crate) const KEYS: [&str; 13] = [
    "sso_session",
    "sso_account_id",
    "sso_role_name",
    "credential_process",
    "role_arn",
    "source_profile",
    "credential_source",
    "web_identity_token_file",
    "role_session_name",
    "external_id",
    "duration_seconds",
    "sso_start_url",
    "sso_region",
];

/// A profile as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Its name.
    pub profile: ProfileName,
    /// Why it is there.
    pub origin: Origin,
    /// How tools get its credentials.
    pub way: Way,
    /// The region of a new profile, and of one that is there where `region_too` says so: otherwise a person
    /// who changed it keeps theirs.
    pub region: Option<String>,
    /// The region of a profile that is there changes as well.
    pub region_too: bool,
    /// A profile that is somebody else's becomes ours, without these keys of its tool. Otherwise it is an
    /// error.
    pub take_over: Option<Vec<String>>,
}

/// How AWS's tools get the credentials of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// By themselves, from AWS SSO; with a `[sso-session …]`.
    Sso {
        /// Where to sign in.
        start_url: String,
        /// The region of the sign-in.
        region: String,
        /// The account's number.
        account: String,
        /// The role's name.
        role: String,
    },
    /// From a program.
    Process {
        /// Its line, quoted as [`crate::command_line`] does: SDKs give it to a shell.
        command: String,
        /// The account's number.
        account: String,
        /// The role's name.
        role: String,
    },
    /// By assuming a role with the credentials of another profile.
    Chain {
        /// The role.
        role_arn: String,
        /// The profile.
        source_profile: String,
        /// What the session is called in the account's records.
        session_name: Option<String>,
        /// What the role's owner demands.
        external_id: Option<String>,
        /// How long the session lasts, in seconds.
        duration: Option<u32>,
    },
}

impl Wish {
    /// The section's keys but for region and session's name, in the order they are written.
    fn keys(&self, session: Option<&str>) -> Vec<(&'static str, String)> {
        match &self.way {
            Way::Sso { account, role, .. } => vec![
                ("sso_session", session.unwrap_or_default().to_owned()),
                ("sso_account_id", account.clone()),
                ("sso_role_name", role.clone()),
            ],
            Way::Process { command, .. } => vec![("credential_process", command.clone())],
            Way::Chain { role_arn, source_profile, session_name, external_id, duration } => {
                let mut keys =
                    vec![("role_arn", role_arn.clone()), ("source_profile", source_profile.clone())];
                keys.extend(session_name.clone().map(|it| ("role_session_name", it)));
                keys.extend(external_id.clone().map(|it| ("external_id", it)));
                keys.extend(duration.map(|it| ("duration_seconds", it.to_string())));
                keys
            }
        }
    }

    fn check(&self) -> Result<(), Refused> {
        if let Way::Sso { start_url, region, .. } = &self.way {
            check_value("sso_start_url", start_url)?;
            check_value("sso_region", region)?;
        }
        if let Way::Process { account, role, .. } = &self.way
            && !is_role(account, role)
        {
            return Err(Refused::Role(format!("{account}/{role}").escape_debug().to_string()));
        }
        for (key, value) in self.keys(Some("x")) {
            match key {
                "credential_process" => check_line(key, &value)?,
                // A profile's name may hold spaces.
                "source_profile" => drop(ProfileName::new(&value)?),
                _ => check_value(key, &value)?,
            }
        }
        self.region.as_deref().map_or(Ok(()), |region| check_value("region", region))
    }
}

/// Keys that are credentials themselves. They exist nowhere else perhaps, so a section that has one never
/// becomes ours.
pub(crate) const STATIC: [&str; 3] = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];

/// Whether AWS could have such a role: an account is 12 digits, and a permission set is called
/// `[\w+=,.@-]+` of 1 to 32 characters, a role of up to 64 (IAM Identity Center API, `PermissionSet`; IAM
/// API, `RoleName`). What a server lists besides would be a trap for the shell that runs a line with it.
#[must_use]
pub fn is_role(account: &str, role: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && (1..=64).contains(&role.len())
        && role.bytes().all(letter)
}

/// A value of words: nothing that begins a line, or a comment to some reader.
fn check_line(key: &'static str, value: &str) -> Result<(), Refused> {
    let plain = !value.is_empty()
        && value.trim() == value
        && !value.chars().any(char::is_control)
        && ![" #", " ;", "\t"].iter().any(|sign| value.contains(sign));
    if plain { Ok(()) } else { Err(Refused::Value(key)) }
}

/// The section that defines a profile in the config file.
fn section_of(profile: &str) -> String {
    if profile == "default" {
        profile.to_owned()
    } else if profile.contains(' ') {
        format!("profile \"{profile}\"")
    } else {
        format!("profile {profile}")
    }
}

/// The bytes that a plan comes to, for tests over many files.
#[cfg(test)]
pub(crate) fn planned(
    path: &std::path::Path,
    bytes: &[u8],
    wishes: &[Wish],
    removals: &[Removal],
) -> Result<Vec<u8>, ManageError> {
    plan::plan(path, bytes, wishes, removals).map(|plan| plan.new.to_vec())
}
