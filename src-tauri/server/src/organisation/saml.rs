//! How an application is signed in to by SAML 2.0: where assertions go, what they say about a person, and how both
//! sides prove who they are. The database has it as JSON.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::{catalogue::NameFormat, saml::mapping::Template};

/// A service provider, as the organisation knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamlApplication {
    /// Its assertion consumer service: the only address that gets assertions, by HTTP-POST.
    pub acs_url: String,
    /// Its entity id.
    pub audience: String,
    /// How people are named to it.
    pub name_id_format: NameIdFormat,
    /// What its name for a person is; absent as the format says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_id: Option<Template>,
    /// Sent along with sign-ins that start here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay_state: Option<String>,
    /// How long an assertion may be presented.
    pub assertion_lifetime: SignedDuration,
    /// How long the application may keep a person signed in, within the session here; absent as long as that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_duration: Option<SignedDuration>,
    /// What it is told, in this order.
    #[serde(default)]
    pub attributes: Vec<AttributeMapping>,
    /// Whether a request without a good signature is refused.
    #[serde(default)]
    pub require_signed_requests: bool,
    /// What it signs requests with: X.509 in base64.
    #[serde(default)]
    pub signing_certificates: Vec<String>,
    /// What assertions are encrypted for; absent for plain ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_certificate: Option<String>,
    /// The entry of the catalogue it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<CatalogueChoice>,
}

/// An attribute of the assertion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeMapping {
    /// Its name.
    pub name: String,
    /// Its values; each of these may give none, one or several.
    pub values: Vec<Template>,
    /// The kind of its name.
    #[serde(default)]
    pub format: NameFormat,
}

/// What was chosen in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueChoice {
    /// The entry.
    pub id: String,
    /// The answers to its questions.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// Which kind of name an assertion is about (SAML Core 2.0 §8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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

impl NameIdFormat {
    pub(super) const NAMES: [(&'static str, Self); 4] = [
        ("email", Self::Email),
        ("persistent", Self::Persistent),
        ("transient", Self::Transient),
        ("unspecified", Self::Unspecified),
    ];

    /// The format with this URN (SAML Core 2.0 §8.3), if we know it.
    pub fn of_urn(urn: &str) -> Option<Self> {
        Some(match urn {
            "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress" => Self::Email,
            "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" => Self::Persistent,
            "urn:oasis:names:tc:SAML:2.0:nameid-format:transient" => Self::Transient,
            "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified" => Self::Unspecified,
            _ => return None,
        })
    }
}
