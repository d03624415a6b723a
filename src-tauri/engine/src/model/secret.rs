//! Values that must not be printed, serialised or sent to a window.

use super::Timestamp;
use secrecy::{ExposeSecret, SecretString};

/// Role credentials of `GetRoleCredentials`. `Debug` shows neither secret.
#[derive(Clone, Debug)]
pub struct RoleCredentials {
    /// `ASIA…`; an identifier, yet shown by its last four characters only.
    pub access_key_id: SecretString,
    /// The secret access key.
    pub secret_access_key: SecretString,
    /// The session token.
    pub session_token: SecretString,
    /// When they were received.
    pub issued: Timestamp,
    /// When they stop working.
    pub expires: Timestamp,
}

impl PartialEq for RoleCredentials {
    fn eq(&self, other: &Self) -> bool {
        let parts = |c: &Self| {
            [&c.access_key_id, &c.secret_access_key, &c.session_token].map(|s| s.expose_secret().to_owned())
        };
        (self.issued, self.expires) == (other.issued, other.expires) && parts(self) == parts(other)
    }
}

impl Eq for RoleCredentials {}

/// What `CreateToken` answered.
#[derive(Clone, Debug)]
pub struct TokenSet {
    /// The bearer of the portal API.
    pub access_token: SecretString,
    /// When it was received.
    pub issued: Timestamp,
    /// When the access token stops working.
    pub expires: Timestamp,
    /// For silent renewal; AWS sends one when the client registered `sso:account:access`.
    pub refresh_token: Option<SecretString>,
}

/// What `RegisterClient` answered; a secret of this installation.
#[derive(Clone, Debug)]
pub struct ClientRegistration {
    /// Opaque.
    pub client_id: String,
    /// Opaque, may exceed 2 KB.
    pub client_secret: SecretString,
    /// `clientSecretExpiresAt`.
    pub expires: Timestamp,
    /// Registered for the browser way (redirect URI and grant types) or for the device way.
    pub method: super::sign_in::Method,
}
