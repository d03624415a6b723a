//! Roles of accounts that other roles may take over with STS AssumeRole: what stands in `[[role]]`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::check::{Mistake, mistake};

/// A role lives an hour at most unless its owner says otherwise (IAM API, `MaxSessionDuration`).
const DEFAULT_MAX_SESSION: SignedDuration = SignedDuration::from_hours(1);
/// 1 to 12 hours (IAM API, `MaxSessionDuration`).
const MAX_SESSIONS: std::ops::RangeInclusive<SignedDuration> =
    SignedDuration::from_hours(1)..=SignedDuration::from_hours(12);

/// A role that is assumed, not assigned.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Role {
    /// 12 digits.
    pub account: String,
    /// At most 64 characters of `[\w+=,.@-]` (IAM API, `RoleName`).
    pub name: String,
    /// Who may assume it.
    pub trusted: Vec<Trusted>,
    /// What a caller has to name besides (IAM User Guide, external ID).
    pub external_id: Option<String>,
    /// The longest session that can be asked for.
    pub max_session_duration: SignedDuration,
}

/// A principal of a role's trust policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trusted {
    /// The roles of all permission sets, in every account.
    EveryPermissionSet,
    /// The roles of one permission set, in every account.
    PermissionSet(String),
    /// The role of a permission set in one account.
    PermissionSetIn {
        /// 12 digits.
        account: String,
        /// The permission set's name.
        name: String,
    },
    /// Another role of this file, by its ARN.
    Role(String),
}

impl std::fmt::Display for Trusted {
    /// As it is written in the file.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::EveryPermissionSet => f.write_str("*"),
            Self::PermissionSet(name) => f.write_str(name),
            Self::PermissionSetIn { account, name } => write!(f, "{account}/{name}"),
            Self::Role(arn) => f.write_str(arn),
        }
    }
}

/// `arn:aws:iam::ACCOUNT:role/NAME` (IAM User Guide, IAM identifiers).
fn arn(account: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:role/{name}")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub account: Spanned<String>,
    pub name: Spanned<String>,
    pub trusted: Vec<Spanned<String>>,
    pub external_id: Option<Spanned<String>>,
    pub max_session_duration: Option<Spanned<SignedDuration>>,
}

/// Roles by ARN; `accounts` and `sets` are what their names must resolve to.
pub(super) fn check<A, S>(
    raw: Vec<Raw>,
    accounts: &BTreeMap<String, A>,
    sets: &BTreeMap<String, S>,
) -> Result<BTreeMap<String, Role>, Mistake> {
    let arns: BTreeSet<String> = raw.iter().map(|it| arn(it.account.get_ref(), it.name.get_ref())).collect();
    let mut roles = BTreeMap::new();
    for role in raw {
        if !accounts.contains_key(role.account.get_ref()) {
            let problem = format!("no account is called \"{}\" in this file", role.account.get_ref());
            return Err(mistake(&role.account, "role.account", problem));
        }
        let name = role.name.get_ref();
        if !(1..=64).contains(&name.len()) || !name.bytes().all(super::check::is_name_byte) {
            let problem = "must have 1 to 64 characters of letters, digits and _+=,.@-";
            return Err(mistake(&role.name, "role.name", problem));
        }
        if name.starts_with("AWSReservedSSO_") {
            let problem = "must not begin with AWSReservedSSO_, which are the permission sets' own roles";
            return Err(mistake(&role.name, "role.name", problem));
        }
        let trusted =
            role.trusted.iter().map(|it| trusted(it, &arns, accounts, sets)).collect::<Result<_, _>>()?;
        if let Some(id) = &role.external_id {
            let length = id.get_ref().chars().count();
            if !(2..=1224).contains(&length) || !id.get_ref().bytes().all(is_external_id_byte) {
                let problem = "must have 2 to 1224 characters of letters, digits and _+=,.@:/-";
                return Err(mistake(id, "role.external_id", problem));
            }
        }
        let max_session_duration = match role.max_session_duration {
            Some(value) if !MAX_SESSIONS.contains(value.get_ref()) => {
                let problem = "must be between 1 hour (PT1H) and 12 hours (PT12H)";
                return Err(mistake(&value, "role.max_session_duration", problem));
            }
            Some(value) => value.into_inner(),
            None => DEFAULT_MAX_SESSION,
        };
        let arn = arn(role.account.get_ref(), name);
        if roles.contains_key(&arn) {
            return Err(mistake(
                &role.name,
                "role.name",
                format!("\"{name}\" stands here twice in this account"),
            ));
        }
        let role = Role {
            account: role.account.into_inner(),
            name: role.name.into_inner(),
            trusted,
            external_id: role.external_id.map(Spanned::into_inner),
            max_session_duration,
        };
        roles.insert(arn, role);
    }
    Ok(roles)
}

fn trusted<A, S>(
    value: &Spanned<String>,
    arns: &BTreeSet<String>,
    accounts: &BTreeMap<String, A>,
    sets: &BTreeMap<String, S>,
) -> Result<Trusted, Mistake> {
    let unknown = |problem: String| Err(mistake(value, "role.trusted", problem));
    let text = value.get_ref();
    if text == "*" {
        return Ok(Trusted::EveryPermissionSet);
    }
    if text.starts_with("arn:") {
        if arns.contains(text) {
            return Ok(Trusted::Role(text.clone()));
        }
        return unknown(format!("no role of this file has the ARN \"{text}\""));
    }
    let (account, name) = text.split_once('/').map_or((None, text.as_str()), |(a, n)| (Some(a), n));
    if !sets.contains_key(name) {
        return unknown(format!("no permission set is called \"{name}\" in this file"));
    }
    match account {
        None => Ok(Trusted::PermissionSet(name.to_owned())),
        Some(account) if accounts.contains_key(account) => {
            Ok(Trusted::PermissionSetIn { account: account.to_owned(), name: name.to_owned() })
        }
        Some(account) => unknown(format!("no account is called \"{account}\" in this file")),
    }
}

/// STS API, `AssumeRole`, `ExternalId`: `[\w+=,.@:\/-]*`.
pub(crate) fn is_external_id_byte(b: u8) -> bool {
    super::check::is_name_byte(b) || b == b':' || b == b'/'
}

#[cfg(test)]
mod tests {
    use super::super::{SAMPLE, read_for_sandbox};
    use super::*;

    #[track_caller]
    fn refuses(rest: &str, field: &str, words: &str) {
        let error = read_for_sandbox("acme.toml", &format!("{SAMPLE}\n[[role]]\n{rest}"))
            .expect_err("it has a mistake");
        assert_eq!(error.field.as_deref(), Some(field), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }

    #[test]
    fn a_roles_mistakes_are_named() {
        let role = |name: &str, trusted: &str| {
            format!("account = \"111122223333\"\nname = \"{name}\"\ntrusted = [\"{trusted}\"]\n")
        };
        refuses("account = \"000000000000\"\nname = \"X\"\ntrusted = []\n", "role.account", "no account");
        refuses("account = \"111122223333\"\nname = \"X\"\n", "role.trusted", "missing");
        refuses(&role("no spaces", "*"), "role.name", "64 characters");
        refuses(&role("AWSReservedSSO_x", "*"), "role.name", "permission sets");
        refuses(&role("X", "Nobody"), "role.trusted", "no permission set");
        refuses(&role("X", "000000000000/ReadOnly"), "role.trusted", "no account");
        refuses(&role("X", "arn:aws:iam::111122223333:role/Y"), "role.trusted", "no role of this file");
        let more = |line: &str| format!("{}{line}\n", role("X", "*"));
        refuses(&more("external_id = \"x y\""), "role.external_id", "1224");
        refuses(&more("max_session_duration = \"PT30M\""), "role.max_session_duration", "1 hour");
        refuses(&format!("{0}[[role]]\n{0}", role("X", "*")), "role.name", "twice");
    }

    #[test]
    fn roles_resolve() {
        let text = "[[role]]\naccount = \"111122223333\"\nname = \"X\"\nmax_session_duration = \"PT2H\"\n\
                    trusted = [\"*\", \"ReadOnly\", \"111122223333/ReadOnly\", \"arn:aws:iam::111122223333:role/X\"]\n";
        let acme = read_for_sandbox("acme.toml", &format!("{SAMPLE}\n{text}")).expect("it is good");
        let role = &acme.roles["arn:aws:iam::111122223333:role/X"];
        assert_eq!(role.trusted.len(), 4);
        assert_eq!(role.trusted[3], Trusted::Role(arn(&role.account, &role.name)));
        assert_eq!(role.max_session_duration, SignedDuration::from_hours(2));
    }
}
