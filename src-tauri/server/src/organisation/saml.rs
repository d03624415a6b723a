//! How an application is signed in to by SAML 2.0: where assertions go and what they say about a person.

use std::{collections::BTreeMap, ops::RangeInclusive};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use url::{Host, Url};

use super::{
    User,
    check::{Mistake, mistake},
    file,
};

/// An assertion is used at once or never.
const DEFAULT_LIFETIME: SignedDuration = SignedDuration::from_mins(5);
const LIFETIMES: RangeInclusive<SignedDuration> =
    SignedDuration::from_mins(1)..=SignedDuration::from_hours(1);
/// SAML Bindings 2.0 §3.5.3.
const LONGEST_RELAY_STATE: usize = 80;
/// SAML Core 2.0 §8.3.6.
const LONGEST_ENTITY_ID: usize = 1024;

/// A service provider, as the organisation knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamlApplication {
    /// Its assertion consumer service: the only address that gets assertions, by HTTP-POST.
    pub acs_url: String,
    /// Its entity id.
    pub audience: String,
    /// How people are named to it.
    pub name_id_format: NameIdFormat,
    /// Sent along with sign-ins that start here.
    pub relay_state: Option<String>,
    /// How long an assertion may be presented.
    pub assertion_lifetime: SignedDuration,
    /// By attribute name.
    pub attributes: BTreeMap<String, Value>,
}

/// Which kind of name an assertion is about (SAML Core 2.0 §8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameIdFormat {
    /// The email address.
    Email,
    /// An opaque name that stays, another one for each application.
    Persistent,
    /// A new name each time.
    Transient,
    /// The user name.
    Unspecified,
}

/// What an attribute says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Always this text.
    Text(String),
    /// `${user:…}`.
    User(UserField),
}

/// What is known of a person, under the names that AWS has for attribute mappings (IAM Identity Center User
/// Guide, attribute mappings).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserField {
    /// `${user:email}`
    Email,
    /// `${user:name}`
    Name,
    /// `${user:givenName}`
    GivenName,
    /// `${user:familyName}`
    FamilyName,
    /// `${user:preferredUsername}`
    PreferredUsername,
    /// `${user:subject}`
    Subject,
    /// `${user:groups}`, a value for each group.
    Groups,
}

const FIELDS: [(&str, UserField); 7] = [
    ("email", UserField::Email),
    ("name", UserField::Name),
    ("givenName", UserField::GivenName),
    ("familyName", UserField::FamilyName),
    ("preferredUsername", UserField::PreferredUsername),
    ("subject", UserField::Subject),
    ("groups", UserField::Groups),
];

impl NameIdFormat {
    const NAMES: [(&'static str, Self); 4] = [
        ("email", Self::Email),
        ("persistent", Self::Persistent),
        ("transient", Self::Transient),
        ("unspecified", Self::Unspecified),
    ];
}

impl Value {
    /// The values for a person; none for an attribute that is left out.
    pub fn of(&self, user: &User) -> Vec<String> {
        let text = match self {
            Self::Text(text) => text,
            Self::User(UserField::Email) => &user.email,
            Self::User(UserField::Name) => &user.display_name,
            Self::User(UserField::GivenName) => user.given_name(),
            Self::User(UserField::FamilyName) => user.family_name(),
            Self::User(UserField::PreferredUsername | UserField::Subject) => &user.username,
            Self::User(UserField::Groups) => return user.groups.clone(),
        };
        if text.is_empty() { Vec::new() } else { vec![text.to_owned()] }
    }

    fn parse(text: &str) -> Option<Self> {
        let Some(field) = text.strip_prefix("${user:").and_then(|rest| rest.strip_suffix('}')) else {
            return (!text.contains("${") && is_plain(text)).then(|| Self::Text(text.to_owned()));
        };
        FIELDS.iter().find(|(name, _)| *name == field).map(|(_, field)| Self::User(*field))
    }
}

pub(super) fn check(raw: file::Saml) -> Result<SamlApplication, Mistake> {
    if !is_acs_url(raw.acs_url.get_ref()) {
        let problem = "must be an https URL without a fragment (http only on this machine)";
        return Err(mistake(&raw.acs_url, "application.saml.acs_url", problem));
    }
    let audience = raw.audience.get_ref();
    if audience.trim().is_empty() || audience.len() > LONGEST_ENTITY_ID || !is_plain(audience) {
        let problem = "must be the entity id of the application, of at most 1024 characters";
        return Err(mistake(&raw.audience, "application.saml.audience", problem));
    }
    let name_id_format = match raw.name_id_format {
        None => NameIdFormat::Email,
        Some(value) => {
            let known = NameIdFormat::NAMES.iter().find(|(name, _)| name == value.get_ref());
            let problem = "must be email, persistent, transient or unspecified";
            known
                .map(|(_, format)| *format)
                .ok_or_else(|| mistake(&value, "application.saml.name_id_format", problem))?
        }
    };
    if let Some(value) = &raw.relay_state
        && (value.get_ref().is_empty() || value.get_ref().len() > LONGEST_RELAY_STATE)
    {
        return Err(mistake(value, "application.saml.relay_state", "must have 1 to 80 bytes"));
    }
    let assertion_lifetime = match raw.assertion_lifetime {
        None => DEFAULT_LIFETIME,
        Some(value) if LIFETIMES.contains(value.get_ref()) => value.into_inner(),
        Some(value) => {
            let problem = "must be between 1 minute (PT1M) and 1 hour (PT1H)";
            return Err(mistake(&value, "application.saml.assertion_lifetime", problem));
        }
    };
    let mut attributes = BTreeMap::new();
    for (name, value) in raw.attributes {
        let field = "application.saml.attributes";
        if name.trim().is_empty() || !is_plain(&name) {
            return Err(mistake(&value, field, "has a name that is empty or not plain text"));
        }
        let Some(parsed) = Value::parse(value.get_ref()) else {
            let known: Vec<String> = FIELDS.iter().map(|(name, _)| format!("${{user:{name}}}")).collect();
            let problem = format!("must be plain text or one of {}", known.join(", "));
            return Err(mistake(&value, field, problem));
        };
        attributes.insert(name, parsed);
    }
    Ok(SamlApplication {
        acs_url: raw.acs_url.into_inner(),
        audience: raw.audience.into_inner(),
        name_id_format,
        relay_state: raw.relay_state.map(Spanned::into_inner),
        assertion_lifetime,
        attributes,
    })
}

/// Assertions open an account: on the way they are read by the application only.
fn is_acs_url(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    let bare = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    bare && (url.scheme() == "https" || (url.scheme() == "http" && here))
}

/// XML 1.0 has no way to say control characters.
fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}
