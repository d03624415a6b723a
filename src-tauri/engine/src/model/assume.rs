//! A role that is assumed with the credentials of another one (STS API, AssumeRole).

use super::ids::{AccountId, RoleName};
use std::collections::{BTreeMap, BTreeSet};

/// Which role, and how its session is to be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Assume {
    /// `arn:aws:iam::111122223333:role/Deploy`.
    pub role_arn: String,
    /// What the session is called in the account's records; `None`: as the person is.
    pub session_name: Option<String>,
    /// What the role's owner demands.
    pub external_id: Option<String>,
    /// Its life in seconds; of a chained role an hour at most. `None`: as STS has it.
    pub seconds: Option<u32>,
    /// Session tags.
    pub tags: BTreeMap<String, String>,
    /// The keys of those that go on to the next role.
    pub transitive: BTreeSet<String>,
}

impl Assume {
    /// Account and name, where the ARN is a role's (IAM User Guide, "IAM identifiers").
    #[must_use]
    pub fn role(&self) -> Option<(AccountId, RoleName)> {
        let parts: Vec<&str> = self.role_arn.splitn(6, ':').collect();
        let ["arn", partition, "iam", "", account, what] = parts.as_slice() else { return None };
        let name = what.strip_prefix("role/")?.rsplit('/').next().filter(|name| !name.is_empty())?;
        let number = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        (number && partition.starts_with("aws")).then(|| (AccountId::new(*account), RoleName::new(name)))
    }

    /// What the session is called: what was asked for, else who signed in, as far as STS takes it
    /// (`[\w+=,.@-]{2,64}`).
    #[must_use]
    pub fn session_name(&self, user: Option<&str>) -> String {
        if let Some(name) = &self.session_name {
            return name.clone();
        }
        let taken = |c: &char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(*c);
        let name: String = user.unwrap_or_default().chars().filter(taken).take(64).collect();
        if name.len() < 2 { "latchkey".to_owned() } else { name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_by_its_arn() {
        let role = |arn: &str| {
            let assume = Assume { role_arn: arn.to_owned(), ..Assume::default() };
            assume.role().map(|(account, role)| format!("{account}/{role}"))
        };
        assert_eq!(
            role("arn:aws:iam::111122223333:role/path/Deploy").as_deref(),
            Some("111122223333/Deploy")
        );
        assert_eq!(role("arn:aws-us-gov:iam::111122223333:role/x").as_deref(), Some("111122223333/x"));
        for bad in [
            "x",
            "arn:aws:iam::1:role/x",
            "arn:aws:iam::111122223333:user/x",
            "arn:aws:iam::111122223333:role/",
        ] {
            assert_eq!(role(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_session_is_called_as_the_person_is() {
        let mut assume = Assume::default();
        assert_eq!(assume.session_name(Some("sam@acme.test")), "sam@acme.test");
        assert_eq!(assume.session_name(Some("Sam (é) <x>")), "Samx");
        assert_eq!(assume.session_name(Some("é")), "latchkey");
        assert_eq!(assume.session_name(None), "latchkey");
        assume.session_name = Some("ci-7".to_owned());
        assert_eq!(assume.session_name(Some("sam")), "ci-7");
    }
}
