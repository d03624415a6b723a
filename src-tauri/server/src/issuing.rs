//! Issuing of role credentials, behind one interface so that real STS can take this place later.

use std::{fmt::Debug, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;

use crate::{
    chance::Chance,
    organisation::{Account, PermissionSet, User},
    secret::{InstanceKey, Token},
    store::{IssuedKey, Store, StoreError},
};

/// Credentials of a role, as handed to a client.
#[derive(Debug, Clone)]
pub struct RoleCredentials {
    /// `ASIA…`.
    pub access_key_id: String,
    /// 40 characters.
    pub secret_access_key: Token,
    /// Opaque.
    pub session_token: Token,
    /// When they stop working.
    pub ends: Timestamp,
}

/// Makes credentials for somebody who was found to be assigned.
pub trait RoleCredentialIssuer: Debug + Send + Sync {
    /// Issues credentials that live for the permission set's session duration.
    ///
    /// # Errors
    /// [`StoreError`] if they could not be kept; then none were issued.
    fn issue(
        &self,
        user: &User,
        account: &Account,
        set: &PermissionSet,
        now: Timestamp,
    ) -> Result<RoleCredentials, StoreError>;
}

/// Credentials of this server's own making, good at its own STS.
#[derive(Debug)]
pub struct OwnKeys {
    /// Where they are kept, without their secrets.
    pub store: Arc<Store>,
    /// Where ids and session tokens are drawn.
    pub chance: Arc<Chance>,
    /// What secret access keys are derived from.
    pub key: InstanceKey,
}

impl RoleCredentialIssuer for OwnKeys {
    fn issue(
        &self,
        user: &User,
        account: &Account,
        set: &PermissionSet,
        now: Timestamp,
    ) -> Result<RoleCredentials, StoreError> {
        let access_key_id = self.chance.access_key_id();
        let session_token = self.chance.token();
        let ends = now.checked_add(set.session_duration).unwrap_or(now);
        let parts = [account.id.as_str(), set.name.as_str()];
        self.store.add_role_credentials(&IssuedKey {
            access_key_id: access_key_id.clone(),
            session_token: session_token.digest(),
            account_id: account.id.clone(),
            permission_set: set.name.clone(),
            role_name: format!("AWSReservedSSO_{}_{}", set.name, self.key.public_id("role", &parts, 16)),
            role_id: format!("AROA{}", self.key.public_id("role id", &parts, 17).to_uppercase()),
            session_name: user.username.clone(),
            ends,
        })?;
        let secret_access_key = secret_access_key(&self.key, &access_key_id);
        Ok(RoleCredentials { access_key_id, secret_access_key, session_token, ends })
    }
}

/// The secret half of one of [`OwnKeys`]: derived from the instance's key, so it is stored nowhere.
pub fn secret_access_key(key: &InstanceKey, access_key_id: &str) -> Token {
    let bytes = key.derive("secret access key", &[access_key_id]);
    Token::new(BASE64_STANDARD.encode(&bytes[..30]))
}
