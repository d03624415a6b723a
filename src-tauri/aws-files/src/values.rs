//! What may be written into a file: names and values that no grammar can misread.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;

/// Why a name or value cannot be written. Never holds the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A profile name that some AWS tool would read as something else.
    #[error("`{0}` cannot be a profile's name: {1}")]
    ProfileName(String, &'static str),
    /// An owner that is not made of letters, digits, `.`, `_` and `-`.
    #[error("an owner is 1 to 128 letters, digits, `.`, `_` or `-`")]
    Owner,
    /// A value with white space, control characters, or characters that are not ASCII.
    #[error("the value of `{0}` has characters that a credentials file cannot hold safely")]
    Value(&'static str),
    /// An account or a role that AWS could not have.
    #[error("`{0}` is not an account's number and the name of a role")]
    Role(String),
}

/// The name of a profile, which is the name of its section in the credentials file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileName(String);

impl ProfileName {
    /// Checks a name: letters and digits of any script, spaces between, and `-_.@/+%,~!&()`. The rest is
    /// syntax to one AWS tool or another.
    ///
    /// # Errors
    /// [`Refused::ProfileName`] with the reason.
    pub fn new(name: &str) -> Result<Self, Refused> {
        let refuse = |why| Err(Refused::ProfileName(name.escape_debug().to_string(), why));
        if name.is_empty() || name.chars().count() > 128 {
            return refuse("it needs 1 to 128 characters");
        }
        if name.trim() != name {
            return refuse("it starts or ends with a space");
        }
        if !name.chars().all(|c| c.is_alphanumeric() || " -_.@/+%,~!&()".contains(c)) {
            return refuse("use letters, digits, spaces and - _ . @ / + % , ~ ! & ( )");
        }
        if name == "DEFAULT" {
            return refuse("its values would show in every profile, use `default`");
        }
        let first = name.split(' ').next().unwrap_or_default();
        if first != name && ["profile", "sso-session", "services", "plugins"].contains(&first) {
            return refuse("its first word means something else in AWS's files");
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose a section is: an opaque id that the caller makes, such as a hash of organisation, account and
/// role. It stands in the file in clear.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner(String);

impl Owner {
    /// Checks an id.
    ///
    /// # Errors
    /// [`Refused::Owner`].
    pub fn new(id: &str) -> Result<Self, Refused> {
        let plain = id.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if plain && (1..=128).contains(&id.len()) { Ok(Self(id.to_owned())) } else { Err(Refused::Owner) }
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// SHA-256 of an access key id, 64 hexadecimal digits: tells two keys apart without naming either.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of an access key id.
    #[must_use]
    pub fn of(access_key_id: &str) -> Self {
        Self(hex::encode(Sha256::digest(access_key_id.as_bytes())))
    }

    /// One that was stored.
    #[must_use]
    pub fn stored(hex: &str) -> Self {
        Self(hex.to_owned())
    }

    /// The hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the stamp in the file holds of it.
    pub(crate) fn short(&self) -> &str {
        self.0.get(..16).unwrap_or(&self.0)
    }
}

/// Role credentials as `GetRoleCredentials` answers them. `Debug` shows none of the secrets.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `ASIA…`.
    pub access_key_id: SecretString,
    /// The secret access key.
    pub secret_access_key: SecretString,
    /// The session token.
    pub session_token: SecretString,
    /// When they stop working.
    pub expires: Timestamp,
}

impl Credentials {
    /// The fingerprint of the access key id.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.access_key_id.expose_secret())
    }

    pub(crate) fn check(&self) -> Result<(), Refused> {
        check_value("aws_access_key_id", self.access_key_id.expose_secret())?;
        check_value("aws_secret_access_key", self.secret_access_key.expose_secret())?;
        check_value("aws_session_token", self.session_token.expose_secret())
    }
}

/// A value that every reader of these files reads alike: printable ASCII without white space.
pub(crate) fn check_value(key: &'static str, value: &str) -> Result<(), Refused> {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(Refused::Value(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_syntax_somewhere_are_refused() {
        for good in ["default", "pay-dev", "a b", "Zürich", "1/2@x", "profile", "profiles x"] {
            assert!(ProfileName::new(good).is_ok(), "{good}");
        }
        for bad in [
            "", " a", "a ", "a]b", "[a", "a\nb", "a\rb", "a\u{85}b", "a#b", "a;b", "a\"b", "a'b", "a\\b",
            "a=b",
        ]
        .into_iter()
        .chain(["a:b", "DEFAULT", "profile a", "sso-session a", "a\tb", "a\0b", "\u{feff}a"])
        {
            assert!(ProfileName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn values_cannot_begin_a_line_or_a_comment() {
        for bad in ["", "a b", "a\nb", "a\r", "\u{a0}", "ü", "a\t"] {
            assert_eq!(check_value("region", bad), Err(Refused::Value("region")), "{bad:?}");
        }
        assert!(check_value("region", "eu-west-1").is_ok());
    }

    #[test]
    fn nothing_prints_a_secret() {
        let credentials = Credentials {
            access_key_id: SecretString::from("ASIAPLANTED"),
            secret_access_key: SecretString::from("planted-secret"),
            session_token: SecretString::from("planted-token"),
            expires: Timestamp::UNIX_EPOCH,
        };
        let shown = format!("{credentials:?}");
        assert!(!shown.contains("PLANTED") && !shown.contains("planted"), "{shown}");
    }
}
