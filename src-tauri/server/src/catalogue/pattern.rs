//! What may be entered in a field of a catalogue entry. Values become parts of URLs, so each pattern leaves out
//! what would end the part it stands in.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

const LONGEST: usize = 1024;

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// One label of a host name: `acme`.
    Subdomain,
    /// One or more labels: `acme.enterprise`.
    HostLabels,
    /// A host name, with a port if need be: `github.acme.com:8443`.
    Host,
    /// One part of a path: letters, digits, `-`, `_`, `.`.
    Slug,
    /// Digits.
    Number,
    /// An https URL, as an assertion consumer service has it.
    HttpsUrl,
    /// Any name of a SAML entity (SAML Core 2.0 §8.3.6).
    EntityId,
}

impl Pattern {
    /// Whether a value is one of these.
    pub fn allows(self, value: &str) -> bool {
        if value.is_empty() || value.len() > LONGEST {
            return false;
        }
        match self {
            Self::Subdomain => is_label(value),
            Self::HostLabels => value.split('.').all(is_label),
            Self::Host => {
                let (host, port) =
                    value.split_once(':').map_or((value, None), |(host, port)| (host, Some(port)));
                host.split('.').all(is_label) && port.is_none_or(|port| port.parse::<u16>().is_ok())
            }
            Self::Slug => {
                let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
                value.bytes().all(plain) && value.bytes().any(|b| b.is_ascii_alphanumeric())
            }
            Self::Number => value.bytes().all(|b| b.is_ascii_digit()),
            Self::HttpsUrl => Url::parse(value).is_ok_and(|url| {
                url.scheme() == "https"
                    && matches!(url.host(), Some(Host::Domain(_)))
                    && url.fragment().is_none()
                    && url.username().is_empty()
                    && url.password().is_none()
            }),
            Self::EntityId => {
                value.trim() == value
                    && !value.chars().any(|c| c.is_control() || c.is_whitespace() || "<>{}".contains(c))
            }
        }
    }

    /// What a value must be, as the end of a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Subdomain => "must be the first part of a host name: letters, digits and hyphens",
            Self::HostLabels => "must be the beginning of a host name: letters, digits, hyphens and dots",
            Self::Host => "must be a host name such as app.example.com, without https://",
            Self::Slug => "must have only letters, digits, hyphens, underscores and dots",
            Self::Number => "must be a number",
            Self::HttpsUrl => "must be an https URL, as the application shows it",
            Self::EntityId => "must be an entity ID, as the application shows it",
        }
    }
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_within_their_part_of_a_url() {
        for (pattern, good, bad) in [
            (Pattern::Subdomain, "acme-1", "acme.evil"),
            (Pattern::Subdomain, "a", "-a"),
            (Pattern::HostLabels, "acme.enterprise", "acme..x"),
            (Pattern::Host, "sso.acme.com:8443", "acme.com/x"),
            (Pattern::Host, "acme.com", "user@acme.com"),
            (Pattern::Host, "acme.com", "acme.com:port"),
            (Pattern::Slug, "samlconf-Ab_1.2", "a/b"),
            (Pattern::Slug, "a", ".."),
            (Pattern::Number, "123", "12x"),
            (Pattern::HttpsUrl, "https://acme.com/acs?x=1", "http://acme.com/acs"),
            (Pattern::HttpsUrl, "https://acme.com/acs", "https://a:b@acme.com/"),
            (Pattern::EntityId, "urn:x:y", "a b"),
            (Pattern::EntityId, "http://acme.com/sp", ""),
        ] {
            assert!(pattern.allows(good), "{good} is {pattern:?}");
            assert!(!pattern.allows(bad), "{bad} is not {pattern:?}");
        }
    }
}
