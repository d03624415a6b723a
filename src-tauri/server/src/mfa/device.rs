//! A person's devices.

use jiff::Timestamp;

use super::policy::Factor;

/// How many authenticator apps a person may have (IAM Identity Center User Guide, "Available MFA types").
pub const MOST_APPS: usize = 2;
/// How many security keys and built-in authenticators, together (same place).
pub const MOST_KEYS: usize = 6;
/// The longest name of a device, in characters.
const LONGEST_NAME: usize = 64;

/// What a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An authenticator app that shows codes.
    Totp,
    /// A security key.
    SecurityKey,
    /// The authenticator of a phone or computer.
    BuiltIn,
}

impl Kind {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::SecurityKey, Self::BuiltIn, Self::Totp];

    /// Its name in the store and in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::SecurityKey => "security_key",
            Self::BuiltIn => "built_in",
        }
    }

    /// The kind of that name.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Totp => "Authenticator app",
            Self::SecurityKey => "Security key",
            Self::BuiltIn => "Built-in authenticator",
        }
    }

    /// What the policy calls it.
    pub fn factor(self) -> Factor {
        match self {
            Self::Totp => Factor::Totp,
            Self::SecurityKey | Self::BuiltIn => Factor::Webauthn,
        }
    }

    /// `CredentialType` of CloudTrail (IAM Identity Center User Guide, "Understanding sign-in events").
    pub fn credential_type(self) -> &'static str {
        match self {
            Self::Totp => "TOTP",
            Self::SecurityKey | Self::BuiltIn => "WEBAUTHN",
        }
    }

    /// How many devices of this kind and those counted with it a person may have.
    pub fn most(self) -> usize {
        if self == Self::Totp { MOST_APPS } else { MOST_KEYS }
    }
}

/// A device as the store keeps it.
#[derive(Clone)]
pub struct Device {
    /// Its id, which is no secret.
    pub id: String,
    /// Whose it is: the id of the identity store.
    pub user_id: String,
    /// What its owner calls it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The authenticator's own id for its key pair; of WebAuthn only.
    pub credential: Option<Vec<u8>>,
    /// The sealed secret of an app, or the public key of an authenticator.
    pub data: Vec<u8>,
    /// The time step of the last code that was taken.
    pub last_step: Option<i64>,
    /// By how many steps its clock is ahead of ours.
    pub drift: i64,
    /// When it was added.
    pub added: Timestamp,
    /// When it last proved who its owner is.
    pub last_used: Option<Timestamp>,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Device({} {:?})", self.id, self.kind)
    }
}

/// A name as a person may give it to a device: trimmed; `None` if nothing is left, it is too long, or it holds
/// control characters.
pub fn name(typed: &str) -> Option<String> {
    let name = typed.trim();
    let fits =
        !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_people_can_tell_apart() {
        assert_eq!(name("  Büro 🔑 ").as_deref(), Some("Büro 🔑"));
        for bad in ["", "   ", "a\nb", &"x".repeat(65)] {
            assert_eq!(name(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn kinds_are_found_by_their_words() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_word(kind.word()), Some(kind));
        }
        assert_eq!(Kind::of_word("sms"), None);
    }
}
