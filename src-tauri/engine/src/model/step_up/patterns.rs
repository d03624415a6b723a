//! The person's own rules for roles: patterns on a role's name, and on its account's, that ask for a touch.

use crate::model::rules::compile;
use regex::Regex;
use serde::{Deserialize, Serialize};

/// One rule: roles that fit ask for a touch. Both patterns are regular expressions; upper and lower case are the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolePattern {
    /// On the role's name.
    pub role: String,
    /// On the account's name or number; empty for every account.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub account: String,
}

/// The rules, ready to be used. Those that cannot be read are left out.
#[derive(Clone, Debug, Default)]
pub struct Patterns(Vec<(Regex, Option<Regex>)>);

impl Patterns {
    /// Makes them ready.
    #[must_use]
    pub fn compile(patterns: &[RolePattern]) -> Self {
        Self(patterns.iter().filter_map(|one| read(one).ok()).collect())
    }

    /// Makes one ready that is being tried.
    ///
    /// # Errors
    /// What is wrong with it, as [`compile`] says.
    pub fn only(pattern: &RolePattern) -> Result<Self, String> {
        Ok(Self(vec![read(pattern)?]))
    }

    /// Whether a role of an account fits one of them.
    #[must_use]
    pub fn fit(&self, role: &str, account_name: &str, number: &str) -> bool {
        self.0.iter().any(|(of_role, of_account)| {
            let account = of_account.as_ref();
            of_role.is_match(role)
                && account.is_none_or(|regex| regex.is_match(account_name) || regex.is_match(number))
        })
    }
}

fn read(pattern: &RolePattern) -> Result<(Regex, Option<Regex>), String> {
    let account = pattern.account.trim();
    let account = (!account.is_empty()).then(|| compile(account)).transpose()?;
    Ok((compile(&pattern.role)?, account))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn pattern(role: &str, account: &str) -> RolePattern {
        RolePattern { role: role.into(), account: account.into() }
    }

    #[test]
    fn a_role_fits_by_its_name_and_its_accounts_name_or_number() {
        let check = |role: &str, account: &str, fits: &[&str]| {
            let patterns = Patterns::compile(&[pattern(role, account)]);
            let all =
                [("Deploy", "web-dev", "111"), ("deploy-db", "web-live", "222"), ("Read", "web-live", "222")];
            let found: Vec<_> = all
                .iter()
                .filter(|(role, name, number)| patterns.fit(role, name, number))
                .map(|(role, ..)| *role)
                .collect();
            assert_eq!(found, fits, "{role} in {account}");
        };
        check("^deploy", "", &["Deploy", "deploy-db"]);
        check("deploy", "live$", &["deploy-db"]);
        check(".", "^222$", &["deploy-db", "Read"]);
        check("(", "", &[]);
        check(".", "(", &[]);
        check("", "", &[]);
        assert_eq!(Patterns::only(&pattern("a", "(")).unwrap_err(), "unclosed group");
    }

    #[test]
    fn it_is_written_without_what_is_not_said() {
        let json = serde_json::to_string(&pattern("^deploy", "")).unwrap();
        assert_eq!(json, r#"{"role":"^deploy"}"#);
        assert_eq!(serde_json::from_str::<RolePattern>(&json).unwrap(), pattern("^deploy", ""));
    }
}
