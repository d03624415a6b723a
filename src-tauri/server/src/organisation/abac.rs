//! Attributes for access control (IAM Identity Center User Guide, ABAC): which of a person's attributes go into
//! their sessions as tags, and under which key.

use std::collections::BTreeMap;

use super::User;

/// Session tags by key.
pub type Tags = BTreeMap<String, String>;

/// A key and where its value comes from: the first source that has one (sso-admin API,
/// `AccessControlAttribute`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessControlAttribute {
    /// The tag's key.
    pub key: String,
    /// Such as `${path:enterprise.costCenter}`.
    pub sources: Vec<String>,
}

/// The longest value of a tag (STS API, `Tag`).
const LONGEST_VALUE: usize = 256;
/// The longest key of a tag (STS API, `Tag`).
const LONGEST_KEY: usize = 128;
/// Session tags that one session may have (IAM and STS quotas).
pub const MOST: usize = 50;

type Read = for<'u> fn(&'u User) -> Option<&'u str>;

/// Attribute paths as AWS names them (IAM Identity Center User Guide, attributes for access control).
const PATHS: [(&str, Read); 23] = [
    ("userName", |user| Some(&user.username)),
    ("displayName", |user| Some(&user.display_name)),
    ("emails[primary eq true].value", |user| Some(&user.email)),
    ("name.givenName", |user| Some(user.given_name())),
    ("name.familyName", |user| Some(user.family_name())),
    ("name.middleName", |user| user.profile.middle_name.as_deref()),
    ("name.honorificPrefix", |user| user.profile.honorific_prefix.as_deref()),
    ("name.honorificSuffix", |user| user.profile.honorific_suffix.as_deref()),
    ("nickName", |user| user.profile.nick_name.as_deref()),
    ("profileUrl", |user| user.profile.profile_url.as_deref()),
    ("phoneNumbers[primary eq true].value", |user| user.profile.phone.as_deref()),
    ("phoneNumbers[type eq \"work\"].value", |user| user.profile.phone.as_deref()),
    ("preferredLanguage", |user| user.profile.preferred_language.as_deref()),
    ("locale", |user| user.profile.locale.as_deref()),
    ("timezone", |user| user.profile.timezone.as_deref()),
    ("title", |user| user.profile.title.as_deref()),
    ("userType", |user| user.profile.user_type.as_deref()),
    ("enterprise.employeeNumber", |user| user.profile.employee_number.as_deref()),
    ("enterprise.costCenter", |user| user.profile.cost_center.as_deref()),
    ("enterprise.organization", |user| user.profile.organization.as_deref()),
    ("enterprise.division", |user| user.profile.division.as_deref()),
    ("enterprise.department", |user| user.profile.department.as_deref()),
    ("enterprise.manager.value", |user| user.profile.manager.as_deref()),
];

fn reader(source: &str) -> Option<Read> {
    let path = source.strip_prefix("${path:")?.strip_suffix('}')?;
    PATHS.iter().find(|(known, _)| *known == path).map(|(_, read)| *read)
}

/// Whether a source is one that can be resolved.
pub fn is_source(source: &str) -> bool {
    reader(source).is_some()
}

/// Whether a key may be a tag's.
pub fn is_key(key: &str) -> bool {
    let reserved = key.to_ascii_lowercase().starts_with("aws:");
    !reserved && (1..=LONGEST_KEY).contains(&key.chars().count()) && is_tag_text(key)
}

/// Whether a text may be a tag's value.
pub fn is_value(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= LONGEST_VALUE && is_tag_text(text)
}

/// Letters, digits, space and `_.:/=+-@` (STS API, `Tag`).
fn is_tag_text(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c))
}

/// The session tags of a person. An attribute that the person does not have, or that cannot be a tag's value,
/// is left out, as AWS does.
pub fn session_tags(attributes: &[AccessControlAttribute], user: &User) -> Tags {
    let value = |attribute: &AccessControlAttribute| {
        attribute
            .sources
            .iter()
            .filter_map(|source| reader(source)?(user))
            .find(|value| !value.is_empty())
            .filter(|value| value.chars().count() <= LONGEST_VALUE && is_tag_text(value))
            .map(|value| (attribute.key.clone(), value.to_owned()))
    };
    attributes.iter().filter_map(value).take(MOST).collect()
}
