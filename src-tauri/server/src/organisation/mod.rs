//! Users, groups, accounts, permission sets, applications: what they are. Where they live is the store, which
//! administration changes while it serves; an organisation file is a [`Document`] that is applied to it.

mod abac;
mod check;
mod document;
mod file;
mod file_error;
mod oauth;
mod roles;
mod saml;
mod saml_check;
pub mod saml_rules;
mod yaml;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use abac::{
    AccessControlAttribute, MOST as MOST_TAGS, Tags, is_key as is_attribute_key,
    is_source as is_attribute_source, is_value as is_tag_value, session_tags,
};
pub(crate) use check::{is_name_byte, is_region, is_web_url};
pub use document::{
    Document, DocumentApplication, DocumentAssignment, DocumentPermissionSet, DocumentPrincipal,
    DocumentUser, SAMPLE, sample,
};
pub use file::{read, read_for_sandbox};
pub use file_error::{FileError, text_of};
pub use oauth::{DocumentIssuer, EVERY_APPLICATION, Oauth};
pub(crate) use roles::is_external_id_byte;
pub use roles::{Role, Trusted};
pub use saml::{AttributeMapping, CatalogueChoice, NameIdFormat, SamlApplication};

/// What holds for the whole instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Shown to people.
    pub name: String,
    /// The home region of the instance, as in `sso_region`.
    pub region: String,
    /// The management account's 12 digits.
    pub management_account: String,
    /// Length of a sign-in session.
    pub session_duration: SignedDuration,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `UserId` of the identity store, in the form of a UUID.
    pub id: String,
    /// What is typed at sign-in, in lower case.
    pub username: String,
    /// `Sam Sample`.
    pub display_name: String,
    /// May be typed at sign-in, too; empty if there is none. One, as the identity store allows no second
    /// (identitystore API, `Emails`).
    pub email: String,
    /// Whether the person has shown that the address is theirs.
    pub email_verified: bool,
    /// Names of groups, in order.
    pub groups: Vec<String>,
    /// Whether the person may sign in and use anything.
    pub enabled: bool,
    /// What else is known.
    pub profile: Profile,
    /// When the record was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub updated: Timestamp,
}

/// What else the identity store knows of a person (identitystore API, `User`; SCIM's enterprise extension,
/// RFC 7643 §4.3). Absent is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// `name.givenName`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// `name.familyName`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// `name.middleName`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// `name.honorificPrefix`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub honorific_prefix: Option<String>,
    /// `name.honorificSuffix`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub honorific_suffix: Option<String>,
    /// `nickName`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nick_name: Option<String>,
    /// `profileUrl`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_url: Option<String>,
    /// `phoneNumbers`, of which there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// `preferredLanguage`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_language: Option<String>,
    /// `locale`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// `timezone`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// `title`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `userType`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_type: Option<String>,
    /// `enterprise.employeeNumber`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employee_number: Option<String>,
    /// `enterprise.costCenter`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_center: Option<String>,
    /// `enterprise.organization`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// `enterprise.division`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub division: Option<String>,
    /// `enterprise.department`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// `enterprise.manager.value`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
}

impl Profile {
    /// Every attribute under its name in the organisation file.
    pub fn named(&self) -> [(&'static str, &Option<String>); 19] {
        [
            ("given_name", &self.given_name),
            ("family_name", &self.family_name),
            ("middle_name", &self.middle_name),
            ("honorific_prefix", &self.honorific_prefix),
            ("honorific_suffix", &self.honorific_suffix),
            ("nick_name", &self.nick_name),
            ("profile_url", &self.profile_url),
            ("phone", &self.phone),
            ("preferred_language", &self.preferred_language),
            ("locale", &self.locale),
            ("timezone", &self.timezone),
            ("title", &self.title),
            ("user_type", &self.user_type),
            ("employee_number", &self.employee_number),
            ("cost_center", &self.cost_center),
            ("organization", &self.organization),
            ("division", &self.division),
            ("department", &self.department),
            ("manager", &self.manager),
        ]
    }

    /// These attributes, and where there are none, those of `other`.
    pub fn or(self, other: Self) -> Self {
        Self {
            given_name: self.given_name.or(other.given_name),
            family_name: self.family_name.or(other.family_name),
            middle_name: self.middle_name.or(other.middle_name),
            honorific_prefix: self.honorific_prefix.or(other.honorific_prefix),
            honorific_suffix: self.honorific_suffix.or(other.honorific_suffix),
            nick_name: self.nick_name.or(other.nick_name),
            profile_url: self.profile_url.or(other.profile_url),
            phone: self.phone.or(other.phone),
            preferred_language: self.preferred_language.or(other.preferred_language),
            locale: self.locale.or(other.locale),
            timezone: self.timezone.or(other.timezone),
            title: self.title.or(other.title),
            user_type: self.user_type.or(other.user_type),
            employee_number: self.employee_number.or(other.employee_number),
            cost_center: self.cost_center.or(other.cost_center),
            organization: self.organization.or(other.organization),
            division: self.division.or(other.division),
            department: self.department.or(other.department),
            manager: self.manager.or(other.manager),
        }
    }
}

impl User {
    /// The given name, or the first word of the display name.
    pub fn given_name(&self) -> &str {
        let first = || self.display_name.split_whitespace().next().unwrap_or(&self.username);
        self.profile.given_name.as_deref().unwrap_or_else(first)
    }

    /// The family name, or the display name after its first word.
    pub fn family_name(&self) -> &str {
        let rest = || self.display_name.split_once(' ').map_or("", |(_, rest)| rest);
        self.profile.family_name.as_deref().unwrap_or_else(rest)
    }
}

/// A group of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `GroupId` of the identity store, in the form of a UUID.
    pub id: String,
    /// `DisplayName`.
    pub name: String,
    /// Shown to people.
    pub description: String,
    /// When the record was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub updated: Timestamp,
}

/// A node of the tree that accounts stand in.
#[allow(dead_code, reason = "the administration's APIs and pages use the rest")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationalUnit {
    /// `r-…` for the root, `ou-…` for the others.
    pub id: String,
    /// What it stands below; the root stands below nothing.
    pub parent: Option<String>,
    /// Its own name.
    pub name: String,
    /// The names from below the root on, joined by slashes; empty for the root.
    pub path: String,
}

/// An AWS account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// 12 digits.
    pub id: String,
    /// `payments-prod`.
    pub name: String,
    /// The account's root email address.
    pub email: String,
    /// The path of its organizational unit, `Workloads/Production`; [`ROOT`] at the top.
    pub ou: String,
}

/// The name of the organizational unit above all others.
pub const ROOT: &str = "Root";

impl Account {
    /// Whether it stands in a production unit.
    pub fn is_production(&self) -> bool {
        self.ou.split('/').any(|unit| unit.eq_ignore_ascii_case("production"))
    }
}

/// A permission set: a role that appears in every account it is assigned in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionSet {
    /// `arn:aws:sso:::permissionSet/ssoins-…/ps-…`
    pub arn: String,
    /// At most 32 characters of `[\w+=,.@-]` (IAM Identity Center User Guide).
    pub name: String,
    /// Shown to people.
    pub description: String,
    /// Where its console sessions begin.
    pub relay_state: Option<String>,
    /// How long its credentials live.
    pub session_duration: SignedDuration,
    /// Whether its roles are given out only after a touch of a security key. It acts at once in all accounts.
    pub requires_key: bool,
    /// The set's own tags.
    pub tags: BTreeMap<String, String>,
    /// What its roles may do.
    pub policies: Policies,
    /// Counts edits; an account that has an older one is `OUTDATED`.
    pub revision: i64,
    /// When it was made.
    pub created: Timestamp,
}

/// What the roles of a permission set may do (sso-admin API).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policies {
    /// ARNs of AWS managed policies.
    pub managed: Vec<String>,
    /// Policies of the accounts' own, by name.
    pub customer_managed: Vec<PolicyReference>,
    /// A policy document.
    pub inline: Option<String>,
    /// The most they may do, whatever the policies say.
    pub boundary: Option<Boundary>,
}

/// A policy that every account has for itself (sso-admin API, `CustomerManagedPolicyReference`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyReference {
    /// Its name.
    pub name: String,
    /// Its path, `/` by default.
    #[serde(default = "root_path")]
    pub path: String,
}

fn root_path() -> String {
    "/".to_owned()
}

/// A permissions boundary (sso-admin API, `PermissionsBoundary`): one or the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// The ARN of an AWS managed policy.
    Managed(String),
    /// A policy of the accounts' own.
    CustomerManaged(PolicyReference),
}

/// Who an assignment is for, by id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// A user.
    User(String),
    /// A group.
    Group(String),
}

impl Principal {
    /// `PrincipalType` (sso-admin API).
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "USER",
            Self::Group(_) => "GROUP",
        }
    }

    /// `PrincipalId`.
    pub fn id(&self) -> &str {
        match self {
            Self::User(id) | Self::Group(id) => id,
        }
    }

    /// The principal of this type and id; `None` for a type there is not.
    pub fn of(kind: &str, id: String) -> Option<Self> {
        match kind {
            "USER" => Some(Self::User(id)),
            "GROUP" => Some(Self::Group(id)),
            _ => None,
        }
    }
}

/// A principal may use a permission set in an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assignment {
    /// 12 digits.
    pub account_id: String,
    /// The permission set's ARN.
    pub permission_set: String,
    /// Who.
    pub principal: Principal,
}

/// An application in the portal.
#[derive(Debug, Clone)]
pub struct Application {
    /// `apl-` and 16 hex digits.
    pub id: String,
    /// `ins-` and 16 hex digits: the application as the portal lists it.
    pub instance_id: String,
    /// `Grafana`.
    pub name: String,
    /// Shown to people.
    pub description: String,
    /// Where its sign-in starts (AWS: `SignInOptions` with origin `APPLICATION`, sso-admin API); absent where
    /// it starts here.
    pub url: Option<String>,
    /// How it is signed in to; absent for a mere link.
    pub saml: Option<SamlApplication>,
}
