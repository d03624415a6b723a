//! The sign-in of one organisation: a state machine whose transitions name their moment.

use super::{Timestamp, native::InApp};
use serde::{Deserialize, Serialize};

/// How a person signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Authorization code with PKCE in the default browser (RFC 7636, RFC 8252).
    Browser,
    /// Device authorization grant (RFC 8628).
    DeviceCode,
    /// In the app, where a server offers that. What it ends with is an authorization code too.
    Native,
}

impl Method {
    /// The registration that it uses: a sign-in in the app has the browser's.
    #[must_use]
    pub fn registration(self) -> Self {
        if self == Self::Native { Self::Browser } else { self }
    }
}

/// What the window shows of a sign-in that waits for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Counts up; an answer to an older attempt is ignored.
    pub id: u64,
    /// Which way.
    pub method: Method,
    /// When it began.
    pub started: Timestamp,
    /// When waiting ends.
    pub deadline: Timestamp,
    /// The address to open, for [Copy link]; holds no token (PKCE challenge or user code only).
    pub link: Option<String>,
    /// The code to compare, `XXXX-XXXX`, for the device way.
    pub user_code: Option<String>,
    /// How far a sign-in in the app is.
    pub in_app: Option<InApp>,
}

/// A sign-in that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who signed in, as the server names them; unknown where the server does not tell.
    pub user: Option<String>,
    /// When the person signed in.
    pub since: Timestamp,
    /// When the access token stops working; renewed silently before.
    pub token_expires: Timestamp,
    /// When the sign-in itself ends and no silent renewal helps; unknown until the server tells.
    pub ends: Option<Timestamp>,
    /// Whether a refresh token is held.
    pub renewable: bool,
    /// False when there is no keyring: kept in memory only, gone with the process.
    pub stored: bool,
}

impl Session {
    /// The moment at which the person must sign in again, as far as is known.
    #[must_use]
    pub fn known_end(&self) -> Option<Timestamp> {
        match (self.ends, self.renewable) {
            (Some(ends), true) => Some(ends),
            (Some(ends), false) => Some(ends.min(self.token_expires)),
            (None, false) => Some(self.token_expires),
            (None, true) => None,
        }
    }
}

/// Why a sign-in stopped standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Its time was over.
    Expired,
    /// The server said 401 or `invalid_grant` before its time.
    Revoked,
}

/// The state of an organisation's sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum SignIn {
    /// Never signed in, or signed out by the person.
    #[default]
    SignedOut,
    /// The browser has the word.
    InProgress(Attempt),
    /// Signed in.
    SignedIn(Session),
    /// Was signed in.
    Ended {
        /// When it ended.
        at: Timestamp,
        /// Why.
        why: Ended,
    },
}
