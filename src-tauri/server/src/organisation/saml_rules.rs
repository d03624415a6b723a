//! What the parts of a SAML application must be, for whoever writes them down: a file, or the console's wizard. The
//! problems are ends of sentences.

use std::ops::RangeInclusive;

use jiff::SignedDuration;
use url::Url;

use super::saml::NameIdFormat;
use crate::domain::loopback::is_owners_word;

/// An assertion is used at once or never.
pub const DEFAULT_LIFETIME: SignedDuration = SignedDuration::from_mins(5);
const LIFETIMES: RangeInclusive<SignedDuration> =
    SignedDuration::from_mins(1)..=SignedDuration::from_hours(1);
/// AWS: from 15 minutes to 12 hours.
const SESSIONS: RangeInclusive<SignedDuration> =
    SignedDuration::from_mins(15)..=SignedDuration::from_hours(12);
/// SAML Bindings 2.0 §3.5.3.
const LONGEST_RELAY_STATE: usize = 80;
/// SAML Core 2.0 §8.3.6.
const LONGEST_ENTITY_ID: usize = 1024;

type Rule = Result<(), &'static str>;

fn rule(is_good: bool, problem: &'static str) -> Rule {
    if is_good { Ok(()) } else { Err(problem) }
}

/// Assertions open an account: on the way they are read by the application only.
pub fn acs_url(text: &str) -> Rule {
    let problem = "must be an https URL without a fragment (http only on this machine)";
    let url = Url::parse(text).map_err(|_| problem)?;
    let bare = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    rule(bare && is_owners_word(&url), problem)
}

/// The name of the application, as it gives it.
pub fn audience(text: &str) -> Rule {
    let is_good = !text.trim().is_empty() && text.len() <= LONGEST_ENTITY_ID && is_plain(text);
    rule(is_good, "must be the entity id of the application, of at most 1024 characters")
}

/// By its name in files and forms.
pub fn name_id_format(text: &str) -> Result<NameIdFormat, &'static str> {
    let found = NameIdFormat::NAMES.iter().find(|(name, _)| *name == text);
    found.map(|(_, format)| *format).ok_or("must be email, persistent, transient or unspecified")
}

/// Sent along with sign-ins that start here.
pub fn relay_state(text: &str) -> Rule {
    rule((1..=LONGEST_RELAY_STATE).contains(&text.len()) && is_plain(text), "must have 1 to 80 bytes")
}

/// How long an assertion may be presented.
pub fn assertion_lifetime(length: &SignedDuration) -> Rule {
    rule(LIFETIMES.contains(length), "must be between 1 minute (PT1M) and 1 hour (PT1H)")
}

/// How long the application may keep a person signed in.
pub fn session_duration(length: &SignedDuration) -> Rule {
    rule(SESSIONS.contains(length), "must be between 15 minutes (PT15M) and 12 hours (PT12H)")
}

/// The name of an attribute.
pub fn attribute_name(text: &str) -> Rule {
    rule(!text.trim().is_empty() && is_plain(text), "has a name that is empty or not plain text")
}

/// XML 1.0 has no way to say control characters.
fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}
