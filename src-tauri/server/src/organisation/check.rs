//! Turns the parsed file into an [`Document`], or finds the first mistake in its meaning.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use argon2::password_hash::PasswordHash;
use jiff::SignedDuration;
use toml::Spanned;
use url::Url;

use super::{
    AccessControlAttribute, Account, Document, DocumentApplication, DocumentAssignment, DocumentIssuer,
    DocumentPermissionSet, DocumentPrincipal, DocumentUser, Policies, Profile, ROOT, Settings, abac, file,
    oauth, roles, saml_check,
};
use crate::{
    domain::{inline_policy, policies, sign_in_session},
    saml::import::OPENID_CONNECT_REFUSED,
};

/// A mistake and where it stands.
pub(super) struct Mistake {
    pub span: Range<usize>,
    pub field: &'static str,
    pub problem: String,
}

pub(super) fn mistake<T>(value: &Spanned<T>, field: &'static str, problem: impl Into<String>) -> Mistake {
    Mistake { span: value.span(), field, problem: problem.into() }
}

/// A permission set lives an hour by default (IAM Identity Center User Guide, sessions).
const DEFAULT_ROLE_SESSION: SignedDuration = SignedDuration::from_hours(1);
/// A permission set says 1 to 12 hours (sso-admin API, `SessionDuration`), here as in the API and at `/admin`.
pub(super) const SHORTEST_ROLE_SESSION: SignedDuration = SignedDuration::from_hours(1);
const LONGEST_ROLE_SESSION: SignedDuration = SignedDuration::from_hours(12);

/// The file's meaning; `shortest` is what a permission set's sessions last at least.
pub(super) fn check(raw: file::File, shortest: SignedDuration) -> Result<Document, Mistake> {
    not_empty(&raw.name, "name")?;
    if !is_region(raw.region.get_ref()) {
        return Err(mistake(&raw.region, "region", "must be an AWS region such as eu-central-1"));
    }
    account_id(&raw.management_account, "management_account")?;
    let names_session = raw.session_duration.is_some();
    let session_duration = match raw.session_duration {
        Some(value) if !sign_in_session::LENGTHS.contains(value.get_ref()) => {
            return Err(mistake(
                &value,
                "session_duration",
                "must be between 15 minutes (PT15M) and 90 days (PT2160H)",
            ));
        }
        Some(value) => value.into_inner(),
        None => sign_in_session::DEFAULT_LENGTH,
    };

    let mut groups = BTreeMap::new();
    for group in raw.group {
        not_empty(&group.name, "group.name")?;
        if groups.insert(group.name.get_ref().clone(), group.description).is_some() {
            return Err(twice(&group.name, "group.name"));
        }
    }
    let users = users(raw.user, &groups)?;
    let accounts = accounts(raw.account)?;
    let permission_sets = permission_sets(raw.permission_set, shortest)?;
    let mut assignments = Vec::new();
    let mut known_assignments = BTreeSet::new();
    for assignment in raw.assignment {
        let known_account = accounts.contains_key(assignment.account.get_ref());
        known(&assignment.account, "assignment.account", "account", known_account)?;
        let known_set = permission_sets.contains_key(assignment.permission_set.get_ref());
        known(&assignment.permission_set, "assignment.permission_set", "permission set", known_set)?;
        let principal = match (assignment.user, assignment.group) {
            (Some(user), None) => user_principal(&user, "assignment.user", &users)?,
            (None, Some(group)) => group_principal(group, "assignment.group", &groups)?,
            (Some(value), Some(_)) => {
                return Err(mistake(&value, "assignment.user", "name a user or a group, not both"));
            }
            (None, None) => {
                return Err(mistake(&assignment.account, "assignment.user", "name a user or a group"));
            }
        };
        let (account, permission_set) =
            (assignment.account.into_inner(), assignment.permission_set.into_inner());
        // Twice the same is once.
        if known_assignments.insert((account.clone(), permission_set.clone(), principal.clone())) {
            assignments.push(DocumentAssignment { account, permission_set, principal });
        }
    }
    let trusted_issuers = oauth::issuers(raw.trusted_token_issuer)?;
    let applications = applications(raw.application, &users, &groups, &trusted_issuers)?;
    let access_control_attributes = access_control_attributes(raw.access_control_attribute)?;
    let roles = roles::check(raw.role, &accounts, &permission_sets)?;

    Ok(Document {
        settings: Settings {
            name: raw.name.into_inner(),
            region: raw.region.into_inner(),
            management_account: raw.management_account.into_inner(),
            session_duration,
        },
        names_session,
        groups,
        users,
        accounts,
        permission_sets,
        assignments,
        applications,
        access_control_attributes,
        roles,
        trusted_issuers,
    })
}

fn access_control_attributes(
    raw: Vec<file::AccessControlAttribute>,
) -> Result<Vec<AccessControlAttribute>, Mistake> {
    let mut attributes: Vec<AccessControlAttribute> = Vec::new();
    for attribute in raw {
        let key = attribute.key.get_ref();
        if !abac::is_key(key) {
            let problem = "must be a tag's key: 1 to 128 letters, digits, spaces and _.:/=+-@";
            return Err(mistake(&attribute.key, "access_control_attribute.key", problem));
        }
        if attributes.iter().any(|known| known.key == *key) {
            return Err(twice(&attribute.key, "access_control_attribute.key"));
        }
        if attributes.len() == abac::MOST {
            let problem = "is one too many: a session has at most 50 tags";
            return Err(mistake(&attribute.key, "access_control_attribute.key", problem));
        }
        if let Some(unknown) = attribute.source.iter().find(|source| !abac::is_source(source.get_ref())) {
            let problem = "must be an attribute such as ${path:enterprise.costCenter} or ${path:userName}";
            return Err(mistake(unknown, "access_control_attribute.source", problem));
        }
        if attribute.source.is_empty() {
            let problem = "needs a `source` such as [\"${path:enterprise.costCenter}\"]";
            return Err(mistake(&attribute.key, "access_control_attribute.source", problem));
        }
        let sources = attribute.source.into_iter().map(Spanned::into_inner).collect();
        attributes.push(AccessControlAttribute { key: attribute.key.into_inner(), sources });
    }
    Ok(attributes)
}

fn users(
    raw: Vec<file::User>,
    groups: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, DocumentUser>, Mistake> {
    let mut users = BTreeMap::new();
    // Both are typed at sign-in, in any case: what is one person's name must not be another's address.
    let mut emails = BTreeMap::new();
    for user in raw {
        let username = user.username.get_ref().to_lowercase();
        // The user name is the role session name in STS: 2 to 64 characters of this set (IAM User Guide, SAML
        // assertions).
        if !(2..=64).contains(&username.len()) || !username.bytes().all(is_name_byte) {
            let problem = "must have 2 to 64 characters of letters, digits and _+=,.@-";
            return Err(mistake(&user.username, "user.username", problem));
        }
        not_empty(&user.display_name, "user.display_name")?;
        email(&user.email, "user.email")?;
        let address = user.email.get_ref().to_lowercase();
        if emails.contains_key(&address) {
            return Err(twice(&user.email, "user.email"));
        }
        if users.contains_key(&address) {
            let problem = format!("is the user name of \"{address}\", who could not sign in");
            return Err(mistake(&user.email, "user.email", problem));
        }
        if let Some(other) = emails.get(&username) {
            let problem = format!("is the email address of \"{other}\", who could not sign in");
            return Err(mistake(&user.username, "user.username", problem));
        }
        emails.insert(address, username.clone());
        for group in &user.groups {
            known(group, "user.groups", "group", groups.contains_key(group.get_ref()))?;
        }
        if let Some(hash) = &user.password_hash {
            let whole = PasswordHash::new(hash.get_ref()).is_ok_and(|parsed| {
                parsed.algorithm.as_str() == "argon2id" && parsed.salt.is_some() && parsed.hash.is_some()
            });
            if !whole {
                let problem = "must be a whole Argon2id hash; make one with `latchkey-server hash-password`";
                return Err(mistake(hash, "user.password_hash", problem));
            }
        }
        if users.contains_key(&username) {
            return Err(twice(&user.username, "user.username"));
        }
        users.insert(
            username.clone(),
            DocumentUser {
                username,
                display_name: user.display_name.into_inner(),
                email: user.email.into_inner(),
                groups: user
                    .groups
                    .into_iter()
                    .map(Spanned::into_inner)
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .collect(),
                enabled: user.enabled,
                profile: Profile {
                    given_name: user.given_name,
                    family_name: user.family_name,
                    middle_name: user.middle_name,
                    honorific_prefix: user.honorific_prefix,
                    honorific_suffix: user.honorific_suffix,
                    nick_name: user.nick_name,
                    profile_url: user.profile_url,
                    phone: user.phone,
                    preferred_language: user.preferred_language,
                    locale: user.locale,
                    timezone: user.timezone,
                    title: user.title,
                    user_type: user.user_type,
                    employee_number: user.employee_number,
                    cost_center: user.cost_center,
                    organization: user.organization,
                    division: user.division,
                    department: user.department,
                    manager: user.manager,
                },
                password_hash: user.password_hash.map(Spanned::into_inner),
            },
        );
    }
    Ok(users)
}

fn accounts(raw: Vec<file::Account>) -> Result<BTreeMap<String, Account>, Mistake> {
    let mut accounts = BTreeMap::new();
    for account in raw {
        account_id(&account.id, "account.id")?;
        not_empty(&account.name, "account.name")?;
        email(&account.email, "account.email")?;
        let id = account.id.get_ref().clone();
        if accounts.contains_key(&id) {
            return Err(twice(&account.id, "account.id"));
        }
        let account = Account {
            id: id.clone(),
            name: account.name.into_inner(),
            email: account.email.into_inner(),
            ou: unit_path(&account.ou),
        };
        accounts.insert(id, account);
    }
    Ok(accounts)
}

/// The names of a unit and those above it, without the root's.
fn unit_path(written: &str) -> String {
    let names: Vec<&str> = written.split('/').map(str::trim).filter(|name| !name.is_empty()).collect();
    let below = if names.first() == Some(&ROOT) { names.get(1..).unwrap_or_default() } else { &names };
    if below.is_empty() { ROOT.to_owned() } else { below.join("/") }
}

fn permission_sets(
    raw: Vec<file::PermissionSet>,
    shortest: SignedDuration,
) -> Result<BTreeMap<String, DocumentPermissionSet>, Mistake> {
    let mut sets = BTreeMap::new();
    for set in raw {
        let name = set.name.get_ref().clone();
        if !(1..=32).contains(&name.len()) || !name.bytes().all(is_name_byte) {
            let problem = "must have 1 to 32 characters of letters, digits and _+=,.@-";
            return Err(mistake(&set.name, "permission_set.name", problem));
        }
        if sets.contains_key(&name) {
            return Err(twice(&set.name, "permission_set.name"));
        }
        let session_duration = match set.session_duration {
            Some(value) if !(shortest..=LONGEST_ROLE_SESSION).contains(value.get_ref()) => {
                let shortest = match shortest < SHORTEST_ROLE_SESSION {
                    true => "15 minutes (PT15M)",
                    false => "1 hour (PT1H)",
                };
                let problem = format!("must be between {shortest} and 12 hours (PT12H)");
                return Err(mistake(&value, "permission_set.session_duration", problem));
            }
            Some(value) => value.into_inner(),
            None => DEFAULT_ROLE_SESSION,
        };
        if let Some(value) = &set.relay_state
            && !(1..=240).contains(&value.get_ref().chars().count())
        {
            return Err(mistake(value, "permission_set.relay_state", "must have 1 to 240 characters"));
        }
        for policy in &set.managed_policies {
            if !policy.get_ref().starts_with("arn:") || !policy.get_ref().contains(":iam::aws:policy/") {
                let problem = "must be the ARN of an AWS managed policy, arn:aws:iam::aws:policy/…";
                return Err(mistake(policy, "permission_set.managed_policies", problem));
            }
        }
        if let Some(policy) = &set.inline_policy
            && let Err(error) = inline_policy::check(policy.get_ref())
        {
            let problem = format!("must be a policy in JSON: {error}");
            return Err(mistake(policy, "permission_set.inline_policy", problem));
        }
        let policies = Policies {
            managed: set.managed_policies.into_iter().map(Spanned::into_inner).collect(),
            customer_managed: set.customer_managed_policies,
            inline: set.inline_policy.map(Spanned::into_inner),
            boundary: set.permissions_boundary,
        };
        if let Err(problem) = policies::check_count(&policies) {
            return Err(mistake(&set.name, "permission_set.managed_policies", problem));
        }
        sets.insert(
            name.clone(),
            DocumentPermissionSet {
                name,
                description: set.description,
                relay_state: set.relay_state.map(Spanned::into_inner),
                session_duration,
                requires_key: set.requires_security_key,
                tags: set.tags,
                policies,
            },
        );
    }
    Ok(sets)
}

fn applications(
    raw: Vec<file::Application>,
    users: &BTreeMap<String, DocumentUser>,
    groups: &BTreeMap<String, String>,
    issuers: &BTreeMap<String, DocumentIssuer>,
) -> Result<BTreeMap<String, DocumentApplication>, Mistake> {
    // Scopes name applications that may stand further below.
    let of_oauth = raw.iter().filter(|it| it.oauth.is_some()).map(|it| it.name.get_ref().clone());
    let of_oauth: BTreeSet<String> = of_oauth.collect();
    let mut applications = BTreeMap::new();
    for application in raw {
        not_empty(&application.name, "application.name")?;
        if let Some(value) = &application.oidc {
            return Err(mistake(value, "application.oidc", OPENID_CONNECT_REFUSED));
        }
        match (&application.url, &application.saml) {
            (None, None) if application.oauth.is_none() => {
                let problem = "is missing: give a `url`, or [application.saml] to sign in from here";
                return Err(mistake(&application.name, "application.url", problem));
            }
            (Some(value), _) if !is_web_url(value.get_ref()) => {
                return Err(mistake(value, "application.url", "must be an https or http URL"));
            }
            _ => {}
        }
        if let Some(value) = application.oauth.as_ref().filter(|_| application.saml.is_some()) {
            let problem =
                "stands beside [application.saml]: an application signs in by SAML or gets tokens, not both";
            return Err(mistake(value, "application.oauth", problem));
        }
        let saml = application.saml.map(saml_check::check).transpose()?;
        let oauth = match application.oauth {
            Some(raw) => {
                let span = raw.span();
                let oauth = oauth::check(raw.into_inner(), issuers)?;
                let mut targets = oauth.scopes.values().flatten();
                let unknown =
                    targets.find(|name| *name != oauth::EVERY_APPLICATION && !of_oauth.contains(*name));
                if let Some(name) = unknown {
                    let problem =
                        format!("no application with [application.oauth] is called \"{name}\" in this file");
                    return Err(Mistake { span, field: "application.oauth.scopes", problem });
                }
                Some(oauth)
            }
            None => None,
        };
        let mut principals = Vec::new();
        for user in application.users {
            principals.push(user_principal(&user, "application.users", users)?);
        }
        for group in application.groups {
            principals.push(group_principal(group, "application.groups", groups)?);
        }
        principals.sort();
        principals.dedup();
        let name = application.name.get_ref().clone();
        if applications.contains_key(&name) {
            return Err(twice(&application.name, "application.name"));
        }
        let url = application.url.map(Spanned::into_inner);
        applications.insert(
            name.clone(),
            DocumentApplication { name, description: application.description, url, saml, oauth, principals },
        );
    }
    Ok(applications)
}

/// Whether a browser goes there.
pub(crate) fn is_web_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn user_principal(
    value: &Spanned<String>,
    field: &'static str,
    users: &BTreeMap<String, DocumentUser>,
) -> Result<DocumentPrincipal, Mistake> {
    let username = value.get_ref().to_lowercase();
    known(value, field, "user", users.contains_key(&username))?;
    Ok(DocumentPrincipal::User(username))
}

fn group_principal(
    value: Spanned<String>,
    field: &'static str,
    groups: &BTreeMap<String, String>,
) -> Result<DocumentPrincipal, Mistake> {
    known(&value, field, "group", groups.contains_key(value.get_ref()))?;
    Ok(DocumentPrincipal::Group(value.into_inner()))
}

fn known(value: &Spanned<String>, field: &'static str, kind: &str, is_known: bool) -> Result<(), Mistake> {
    if is_known {
        return Ok(());
    }
    Err(mistake(value, field, format!("no {kind} is called \"{}\" in this file", value.get_ref())))
}

fn twice(value: &Spanned<String>, field: &'static str) -> Mistake {
    mistake(value, field, format!("\"{}\" stands here twice", value.get_ref()))
}

fn not_empty(value: &Spanned<String>, field: &'static str) -> Result<(), Mistake> {
    if value.get_ref().trim().is_empty() { Err(mistake(value, field, "must not be empty")) } else { Ok(()) }
}

fn account_id(value: &Spanned<String>, field: &'static str) -> Result<(), Mistake> {
    let id = value.get_ref();
    if id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()) {
        Ok(())
    } else {
        Err(mistake(value, field, "must be 12 digits in quotes"))
    }
}

fn email(value: &Spanned<String>, field: &'static str) -> Result<(), Mistake> {
    let parts = value.get_ref().split_once('@');
    if parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty()) {
        Ok(())
    } else {
        Err(mistake(value, field, "must be an email address"))
    }
}

pub(crate) fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b)
}

/// Whether the text has the form of a region, such as `us-gov-west-1`.
pub(crate) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, words)) = parts.split_last() else { return false };
    words.len() >= 2
        && words.iter().all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
        && (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
}
