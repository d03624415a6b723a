//! The organisation as an administrator wrote it down. Names stand for ids; every name is known to resolve.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{
    AccessControlAttribute, Account, DocumentIssuer, FileError, Oauth, Policies, Profile, Role,
    SamlApplication, Settings, read_for_sandbox,
};

/// The sample organisation of the sandbox, as a file like any other.
pub const SAMPLE: &str = include_str!("sample.toml");
/// What the sample calls the sandbox it is served by.
const SAMPLE_ORIGIN: &str = "https://sandbox.test";

/// The sample organisation, whose applications answer at `origin`.
///
/// # Errors
/// [`FileError`], as for any other file.
pub fn sample(origin: &str) -> Result<Document, FileError> {
    read_for_sandbox("sample.toml", &SAMPLE.replace(SAMPLE_ORIGIN, origin))
}

/// A whole organisation file whose references all resolve.
#[derive(Debug, Clone)]
pub struct Document {
    /// What holds for the whole instance.
    pub settings: Settings,
    /// Whether the file says how long sign-ins last; if not, what was set last stays.
    pub names_session: bool,
    /// Descriptions by name.
    pub groups: BTreeMap<String, String>,
    /// By user name.
    pub users: BTreeMap<String, DocumentUser>,
    /// By account id.
    pub accounts: BTreeMap<String, Account>,
    /// By name.
    pub permission_sets: BTreeMap<String, DocumentPermissionSet>,
    /// One principal, one account, one permission set each, as AWS has them.
    pub assignments: Vec<DocumentAssignment>,
    /// By name.
    pub applications: BTreeMap<String, DocumentApplication>,
    /// By key.
    pub access_control_attributes: Vec<AccessControlAttribute>,
    /// By ARN: roles that are assumed, not assigned.
    pub roles: BTreeMap<String, Role>,
    /// By name.
    pub trusted_issuers: BTreeMap<String, DocumentIssuer>,
}

/// A person in the file. What the file leaves out of the profile stays as it is.
#[derive(Debug, Clone)]
pub struct DocumentUser {
    /// In lower case.
    pub username: String,
    /// `Sam Sample`.
    pub display_name: String,
    /// May be typed at sign-in, too.
    pub email: String,
    /// Names of groups.
    pub groups: Vec<String>,
    /// Whether the person may sign in.
    pub enabled: bool,
    /// What else the file says.
    pub profile: Profile,
    /// An Argon2id hash in PHC form; absent in the sandbox, which makes passwords of its own.
    pub password_hash: Option<String>,
}

/// A permission set in the file: all of it, what is left out is empty.
#[derive(Debug, Clone)]
pub struct DocumentPermissionSet {
    /// Its name.
    pub name: String,
    /// Shown to people.
    pub description: String,
    /// Where its console sessions begin.
    pub relay_state: Option<String>,
    /// How long its credentials live.
    pub session_duration: SignedDuration,
    /// Whether its roles are given out only after a touch of a security key.
    pub requires_key: bool,
    /// The set's own tags.
    pub tags: BTreeMap<String, String>,
    /// What its roles may do.
    pub policies: Policies,
}

/// Who an assignment is for, by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentPrincipal {
    /// A user name.
    User(String),
    /// A group name.
    Group(String),
}

impl std::fmt::Display for DocumentPrincipal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(name) => write!(f, "user {name}"),
            Self::Group(name) => write!(f, "group {name}"),
        }
    }
}

/// An assignment in the file.
#[derive(Debug, Clone)]
pub struct DocumentAssignment {
    /// 12 digits.
    pub account: String,
    /// A permission set's name.
    pub permission_set: String,
    /// Who.
    pub principal: DocumentPrincipal,
}

/// An application in the file.
#[derive(Debug, Clone)]
pub struct DocumentApplication {
    /// `Grafana`.
    pub name: String,
    /// Shown to people.
    pub description: String,
    /// Where its sign-in starts; absent where it starts here.
    pub url: Option<String>,
    /// How it is signed in to; absent for a mere link.
    pub saml: Option<SamlApplication>,
    /// How it gets tokens; absent if it does not.
    pub oauth: Option<Oauth>,
    /// Who sees it, or gets tokens by it.
    pub principals: Vec<DocumentPrincipal>,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_what_the_sandbox_promises() {
        let acme = read_for_sandbox("sample.toml", SAMPLE).unwrap();
        let error = super::super::read("sample.toml", SAMPLE).unwrap_err();
        assert_eq!(
            error.field.as_deref(),
            Some("permission_set.session_duration"),
            "only in a sandbox: {error}"
        );
        assert_eq!(acme.settings.name, "Acme");
        assert_eq!(acme.accounts.len(), 12);
        assert_eq!(acme.accounts.values().filter(|account| account.is_production()).count(), 3);
        assert_eq!(acme.permission_sets.len(), 6);
        assert_eq!(acme.assignments.len(), 25);
        assert_eq!(acme.applications.len(), 6);
        assert_eq!(acme.users.len(), 5);
        assert_eq!(acme.groups.len(), 3);
        let short: Vec<_> = acme
            .permission_sets
            .values()
            .filter(|set| set.session_duration == SignedDuration::from_mins(15))
            .map(|set| set.name.as_str())
            .collect();
        assert_eq!(short, ["Incident15"]);
    }
}
