//! Signing in without a browser, and what goes wrong at a server's API for it, as values. No secret is here.

use super::{Timestamp, code::Code, ids::OrgId};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use zeroize::Zeroizing;

/// Why a server's API for the app refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are what the variant's sentence names")]
pub enum NativeFault {
    /// The server has no such API, or not for this.
    NotOffered,
    /// User name and password do not belong together.
    WrongPassword,
    /// The code is wrong.
    WrongCode,
    /// The code, or a later one, was used before.
    CodeUsed,
    /// What was typed for RADIUS servers is not what they want.
    NotAccepted,
    /// No RADIUS server answers the organisation's; nothing was looked at, and nothing counts.
    RadiusSilent,
    /// Too many attempts; the next is looked at then.
    Locked { until: Timestamp },
    /// The key that answered is none of this person's.
    KeyNotRegistered,
    /// The key's answer does not fit what was asked.
    KeyRefused,
    /// The key's counter went back: there may be a copy of it.
    KeyCopied,
    /// A factor is demanded, and the person has none and may set none up.
    Blocked,
    /// The sign-in under way is used up or too old.
    Over,
    /// There is no such factor.
    NoSuchFactor,
    /// The sign-in is too old to change devices.
    ProofNeeded,
    /// The sign-in was one in the browser, and only one in the app may change devices.
    AppSignInNeeded,
    /// Registered already, too many, or the organisation takes none.
    NotAdded,
    /// The organisation demands a factor, and this is the last.
    LastDevice,
    /// A challenge for keys of another site; no key was asked.
    ForeignChallenge { site: String },
    /// The server sends passwords to another host; nothing was sent there.
    Moved { host: String },
    /// A second factor has to be set up in the browser first.
    EnrolmentNeeded,
    /// A new password has to be set in the browser first.
    NewPasswordNeeded,
    /// Something that this app is too old for has to be done in the browser first.
    BrowserNeeded,
}

impl From<NativeFault> for Code {
    fn from(fault: NativeFault) -> Self {
        Self::Native { fault }
    }
}

/// What a server takes from the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeOffer {
    /// A user name and a password begin a sign-in.
    pub password: bool,
    /// A passkey alone is enough.
    pub passkey: bool,
    /// Security keys can be asked: the server has a host name and takes our origin.
    pub keys: bool,
    /// A person who is signed in registers keys by this API.
    pub enrolment: bool,
    /// Where a person's own devices are in the browser.
    pub devices_page: Option<url::Url>,
    /// How long a touch opens a role.
    pub step_up: Duration,
}

/// A way to prove a second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NativeFactor {
    /// Any of these keys, by the names their owner gave them.
    Keys {
        /// The names.
        names: Vec<String>,
    },
    /// A code of this authenticator app.
    Code {
        /// The server's id of it.
        id: String,
        /// Its name.
        name: String,
    },
    /// What the organisation's RADIUS servers want to be typed.
    Radius {
        /// The server's id of it.
        id: String,
        /// What they are known by.
        label: String,
        /// What they ask, once they were told something.
        asks: Option<Asks>,
    },
}

/// What a RADIUS server asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asks {
    /// Its words; may be empty.
    pub message: String,
    /// What is typed is not to be seen.
    pub hidden: bool,
}

impl NativeFactor {
    /// The server's id of a factor for which something is typed.
    #[must_use]
    pub fn typed(&self) -> Option<&str> {
        match self {
            Self::Code { id, .. } | Self::Radius { id, .. } => Some(id),
            Self::Keys { .. } => None,
        }
    }
}

/// Where a sign-in in the app stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// User name and password are to be typed.
    Password,
    /// The server is asked.
    Asking,
    /// Something is to be typed: for the factor with this place in the list.
    Code(usize),
    /// A second factor is demanded, and there is none yet: a security key can be set up here.
    Enrol,
    /// A security key is to sign. [`crate::model::keys::Keys::running`] tells how far that is; without it, a key is to be
    /// plugged in, or one of several to be chosen.
    Key,
    /// The key did not sign; the person tries again, or chooses another way.
    KeyFailed,
    /// One of these passkeys' users is to be chosen.
    User(Vec<String>),
}

/// A password or a code on its way to the server. Cannot be printed, and its memory is overwritten when it is
/// dropped.
#[derive(Clone)]
pub struct Entered(SecretString);

impl Entered {
    /// From the bytes that were typed; `None` where they are no UTF-8, or nothing.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty())?;
        Some(Self(SecretString::from(text)))
    }

    /// Nothing was typed, which is something to say to RADIUS servers.
    #[must_use]
    pub fn nothing() -> Self {
        Self(SecretString::default())
    }

    /// For the server alone.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl std::fmt::Debug for Entered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entered([REDACTED])")
    }
}

impl PartialEq for Entered {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for Entered {}

/// A step that the person takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InAppStep {
    /// The form is to be shown: nothing was typed yet.
    Begin,
    /// User name and password.
    Password {
        /// User name or email address.
        username: String,
        /// The password.
        password: Entered,
    },
    /// What [`Stage::Code`] asks for.
    Code(Entered),
    /// Nothing is typed for RADIUS servers: they ask in another way, such as on a phone.
    AskOtherwise,
    /// Sets a first security key up. Once more, too.
    Enrol,
    /// Another way to prove a second factor: the one with this place in the list. For keys: once more.
    Factor(usize),
    /// A passkey alone. Once more, too.
    Passkey,
    /// The passkey of this user, of [`Stage::User`].
    User(usize),
}

impl InAppStep {
    /// What the window sends of secrets: `p` or `c`; then, each after two bytes that tell its length, the
    /// organisation's id, for `p` the user name, and the secret. `None` where it is not that.
    #[must_use]
    pub fn read(bytes: &Zeroizing<Vec<u8>>) -> Option<(OrgId, Self)> {
        let (kind, rest) = bytes.split_first()?;
        let (org, rest) = field(rest)?;
        let org = OrgId::new(std::str::from_utf8(org).ok()?);
        let (step, rest) = match kind {
            b'p' => {
                let (username, rest) = field(rest)?;
                let (password, rest) = field(rest)?;
                let username = std::str::from_utf8(username).ok()?.trim().to_owned();
                (Self::Password { username, password: Entered::new(password)? }, rest)
            }
            b'c' => {
                let (code, rest) = field(rest)?;
                (Self::Code(Entered::new(code)?), rest)
            }
            _ => return None,
        };
        rest.is_empty().then_some((org, step))
    }
}

fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// A sign-in in the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InApp {
    /// Where it stands.
    pub stage: Stage,
    /// The user name that was typed.
    pub username: String,
    /// It is one by passkey alone.
    pub passkey: bool,
    /// A first security key is set up in it.
    pub enrols: bool,
    /// The ways to prove a second factor, the one used last first; empty before the password was right.
    pub factors: Vec<NativeFactor>,
    /// Why the last step was none.
    pub wrong: Option<Code>,
}

impl InApp {
    /// At its beginning.
    #[must_use]
    pub fn new() -> Self {
        Self {
            stage: Stage::Password,
            username: String::new(),
            passkey: false,
            enrols: false,
            factors: Vec::new(),
            wrong: None,
        }
    }

    /// What RADIUS servers are known by, and what they ask, where something is to be typed for them.
    #[must_use]
    pub fn radius(&self) -> Option<(&str, Option<&Asks>)> {
        let Stage::Code(place) = self.stage else { return None };
        match self.factors.get(place)? {
            NativeFactor::Radius { label, asks, .. } => Some((label, asks.as_ref())),
            NativeFactor::Keys { .. } | NativeFactor::Code { .. } => None,
        }
    }
}

impl Default for InApp {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_the_window_sends_is_read_whole_or_not_at_all_and_never_printed() {
        let read = |bytes: &[u8]| InAppStep::read(&Zeroizing::new(bytes.to_vec()));
        let (org, step) = read(b"p\0\x04acme\0\x05 sam \0\x06secret").unwrap();
        let password = Entered::new(b"secret").unwrap();
        assert_eq!(
            (org, &step),
            (OrgId::new("acme"), &InAppStep::Password { username: "sam".into(), password })
        );
        assert!(!format!("{step:?} {step:#?}").contains("secret"));
        let code = InAppStep::Code(Entered::new(b"123456").unwrap());
        assert_eq!(read(b"c\0\x04acme\0\x06123456"), Some((OrgId::new("acme"), code)));
        for bad in [
            &b""[..],
            b"p",
            b"x\0\x04acme\0\x06123456",
            b"c\0\x04acme\0\x0612345",
            b"c\0\x04acme\0\x061234567",
            b"c\0\x04acme\0\0",
            b"p\0\x04acme\0\x02\xff\xfe\0\x01a",
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
