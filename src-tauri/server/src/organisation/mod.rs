//! What an administrator wrote down: users, groups, accounts, permission sets, assignments, applications, roles.
//! Read from one TOML file ([`read`]); every name in it is known to resolve once an [`Organisation`] exists.

mod check;
mod file;
mod file_error;
mod roles;
mod saml;

use std::collections::BTreeMap;

use jiff::SignedDuration;

pub(crate) use check::{is_name_byte, is_region};
pub use file::read;
pub use file_error::{FileError, text_of};
pub(crate) use roles::is_external_id_byte;
pub use roles::{Role, Trusted};
pub use saml::{NameIdFormat, SamlApplication};

/// The sample organisation of the sandbox, as a file like any other.
pub const SAMPLE: &str = include_str!("sample.toml");
/// What the sample calls the sandbox it is served by.
const SAMPLE_ORIGIN: &str = "https://sandbox.test";

/// The sample organisation, whose applications answer at `origin`.
///
/// # Errors
/// [`FileError`], as for any other file.
pub fn sample(origin: &str) -> Result<Organisation, FileError> {
    read("sample.toml", &SAMPLE.replace(SAMPLE_ORIGIN, origin))
}

/// An organisation whose references all resolve.
#[derive(Debug, Clone)]
pub struct Organisation {
    /// Shown to people.
    pub name: String,
    /// The home region of the instance, as in `sso_region`.
    pub region: String,
    /// The management account's 12 digits.
    pub management_account: String,
    /// Length of a sign-in session.
    pub session_duration: SignedDuration,
    /// By user name.
    pub users: BTreeMap<String, User>,
    /// By account id.
    pub accounts: BTreeMap<String, Account>,
    /// By name.
    pub permission_sets: BTreeMap<String, PermissionSet>,
    /// One principal, one account, one permission set each, as AWS has them.
    pub assignments: Vec<Assignment>,
    /// By name.
    pub applications: BTreeMap<String, Application>,
    /// By ARN: roles that are assumed, not assigned.
    pub roles: BTreeMap<String, Role>,
}

/// A person.
#[derive(Debug, Clone)]
pub struct User {
    /// What is typed at sign-in, in lower case.
    pub username: String,
    /// `Sam Sample`.
    pub display_name: String,
    /// May be typed at sign-in, too.
    pub email: String,
    /// Names of groups.
    pub groups: Vec<String>,
    /// An Argon2id hash in PHC form; absent in the sandbox, which makes passwords of its own.
    pub password_hash: Option<String>,
}

impl User {
    /// The first word of the display name.
    pub fn given_name(&self) -> &str {
        self.display_name.split_whitespace().next().unwrap_or(&self.username)
    }

    /// The display name after its first word.
    pub fn family_name(&self) -> &str {
        self.display_name.split_once(' ').map_or("", |(_, rest)| rest)
    }
}

/// An AWS account.
#[derive(Debug, Clone)]
pub struct Account {
    /// 12 digits.
    pub id: String,
    /// `payments-prod`.
    pub name: String,
    /// The account's root email address.
    pub email: String,
    /// Its organisational unit, `Workloads/Production`.
    pub ou: String,
}

impl Account {
    /// Whether it stands in a production unit.
    pub fn is_production(&self) -> bool {
        self.ou.split('/').any(|unit| unit.eq_ignore_ascii_case("production"))
    }
}

/// A permission set: a role that appears in every account it is assigned in.
#[derive(Debug, Clone)]
pub struct PermissionSet {
    /// At most 32 characters of `[\w+=,.@-]` (IAM Identity Center User Guide).
    pub name: String,
    /// Shown to people.
    pub description: String,
    /// How long its credentials live.
    pub session_duration: SignedDuration,
}

/// Who an assignment is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A user name.
    User(String),
    /// A group name.
    Group(String),
}

/// A principal may use a permission set in an account.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// 12 digits.
    pub account: String,
    /// A permission set's name.
    pub permission_set: String,
    /// Who.
    pub principal: Principal,
}

/// An application in the portal.
#[derive(Debug, Clone)]
pub struct Application {
    /// `Grafana`.
    pub name: String,
    /// Shown to people.
    pub description: String,
    /// Where its sign-in starts (AWS: `SignInOptions` with origin `APPLICATION`, sso-admin API); absent where
    /// it starts here.
    pub url: Option<String>,
    /// How it is signed in to; absent for a mere link.
    pub saml: Option<SamlApplication>,
    /// Who sees it.
    pub principals: Vec<Principal>,
}

impl Application {
    /// Whether a person is assigned to it.
    pub fn is_for(&self, user: &User) -> bool {
        self.principals.iter().any(|principal| principal.is(user))
    }
}

impl Organisation {
    /// Finds a person by what was typed at sign-in: user name or email address, in any case.
    pub fn user_by_login(&self, typed: &str) -> Option<&User> {
        let typed = typed.trim().to_lowercase();
        self.users.get(&typed).or_else(|| self.users.values().find(|user| user.email.to_lowercase() == typed))
    }

    /// The accounts a person is assigned to, in order of account id, without repetition.
    pub fn accounts_of(&self, user: &User) -> Vec<&Account> {
        self.accounts
            .values()
            .filter(|account| self.assignments_of(user).any(|assignment| assignment.account == account.id))
            .collect()
    }

    /// The permission sets a person may use in an account, by name, without repetition.
    pub fn permission_sets_of(&self, user: &User, account_id: &str) -> Vec<&PermissionSet> {
        self.permission_sets
            .values()
            .filter(|set| {
                self.assignments_of(user).any(|assignment| {
                    assignment.account == account_id && assignment.permission_set == set.name
                })
            })
            .collect()
    }

    /// The account and the permission set, if the person is assigned to them.
    pub fn assigned(
        &self,
        user: &User,
        account_id: &str,
        role_name: &str,
    ) -> Option<(&Account, &PermissionSet)> {
        let account = self.accounts.get(account_id)?;
        let set = self.permission_sets_of(user, account_id).into_iter().find(|set| set.name == role_name)?;
        Some((account, set))
    }

    /// The applications a person sees, by name.
    pub fn applications_of(&self, user: &User) -> Vec<&Application> {
        self.applications.values().filter(|application| application.is_for(user)).collect()
    }

    fn assignments_of<'a>(&'a self, user: &'a User) -> impl Iterator<Item = &'a Assignment> {
        self.assignments.iter().filter(|assignment| assignment.principal.is(user))
    }
}

impl Principal {
    fn is(&self, user: &User) -> bool {
        match self {
            Self::User(name) => *name == user.username,
            Self::Group(name) => user.groups.contains(name),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_what_the_sandbox_promises() {
        let acme = read("sample.toml", SAMPLE).unwrap();
        assert_eq!(acme.name, "Acme");
        assert_eq!(acme.accounts.len(), 12);
        assert_eq!(acme.accounts.values().filter(|account| account.is_production()).count(), 3);
        assert_eq!(acme.permission_sets.len(), 6);
        assert_eq!(acme.assignments.len(), 25);
        assert_eq!(acme.applications.len(), 5);
        assert_eq!(acme.roles.len(), 3);
        assert_eq!(acme.users.len(), 4);
        let groups: std::collections::BTreeSet<_> =
            acme.users.values().flat_map(|user| user.groups.clone()).collect();
        assert_eq!(groups.len(), 3);
        let short: Vec<_> = acme
            .permission_sets
            .values()
            .filter(|set| set.session_duration == SignedDuration::from_mins(15))
            .map(|set| set.name.as_str())
            .collect();
        assert_eq!(short, ["Incident15"]);
    }

    #[test]
    fn each_sample_user_sees_something_else() {
        let acme = read("sample.toml", SAMPLE).unwrap();
        let counts: BTreeMap<_, _> = acme
            .users
            .values()
            .map(|user| {
                (user.username.as_str(), (acme.accounts_of(user).len(), acme.applications_of(user).len()))
            })
            .collect();
        assert_eq!(
            counts,
            BTreeMap::from([("alex", (1, 2)), ("kim", (8, 4)), ("robin", (9, 3)), ("sam", (11, 4))])
        );
    }

    #[test]
    fn people_sign_in_by_name_or_address() {
        let acme = read("sample.toml", SAMPLE).unwrap();
        for typed in ["sam", " Sam ", "SAM@acme.test"] {
            assert_eq!(acme.user_by_login(typed).unwrap().display_name, "Sam Sample");
        }
        assert!(acme.user_by_login("nobody").is_none());
        let alex = acme.user_by_login("alex").unwrap();
        assert!(acme.assigned(alex, "111122223333", "ReadOnly").is_none());
    }
}
