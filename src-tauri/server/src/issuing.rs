//! Issuing of role credentials, behind one interface so that real STS can take this place later.

#[cfg(test)]
mod tests;

use std::{error::Error, fmt::Debug, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq;

use crate::{
    chance::Chance,
    organisation::{Account, PermissionSet, Role, Tags, User},
    secret::{Digest, InstanceKey, Token},
    store::{Assumed, AuditEntry, Hearing, IssuedKey, Kept, Revision, Store},
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

/// Somebody who was found to be assigned, where, and what goes along.
#[derive(Debug, Clone, Copy)]
pub struct Assigned<'a> {
    /// Who.
    pub user: &'a User,
    /// Where.
    pub account: &'a Account,
    /// As what; its session duration is how long the credentials live.
    pub set: &'a PermissionSet,
    /// The session tags that they carry.
    pub tags: &'a Tags,
}

impl Assigned<'_> {
    /// What is kept of credentials that were issued, of a role with this name and id.
    pub fn key(self, credentials: &RoleCredentials, role_name: String, role_id: String) -> IssuedKey {
        IssuedKey {
            access_key_id: credentials.access_key_id.clone(),
            session_token: credentials.session_token.digest(),
            account_id: self.account.id.clone(),
            permission_set: self.set.name.clone(),
            role_name,
            role_id,
            session_name: self.user.username.clone(),
            user_id: self.user.id.clone(),
            tags: self.tags.clone(),
            ends: credentials.ends,
            assumed: None,
        }
    }
}

/// A session of a role that is assumed.
#[derive(Debug)]
pub struct Assumption {
    /// What the caller calls it.
    pub session_name: String,
    /// The id of the person at the beginning of the chain.
    pub user_id: String,
    /// Its life.
    pub duration: SignedDuration,
    /// Whose it is, and its tags.
    pub assumed: Assumed,
}

/// The issuer could not do its part, whatever it is that stands behind it.
#[derive(Debug, thiserror::Error)]
#[error("could not {doing}: {cause}")]
pub struct IssuingError {
    why: Why,
    doing: &'static str,
    cause: Box<dyn Error + Send + Sync>,
}

/// Why credentials were not issued, as far as it matters to who asked for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Something failed.
    Failed,
    /// The role does not let them in, or is not there.
    NoAccess,
    /// Too much is asked for at a time.
    TooMany,
}

impl IssuingError {
    /// Wraps what the issuer's own means said.
    pub fn new(doing: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::because(Why::Failed, doing, cause)
    }

    /// The same for a reason that matters to who asked.
    pub fn because(why: Why, doing: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { why, doing, cause: cause.into() }
    }

    /// Why.
    pub fn why(&self) -> Why {
        self.why
    }
}

/// Credentials that are being issued.
#[derive(Debug)]
pub struct Issuing {
    credentials: RoleCredentials,
    hearing: Hearing,
}

impl Issuing {
    /// The credentials once they are issued; `None` if something was altered since it was seen that the person is
    /// assigned, and nothing was issued or recorded.
    ///
    /// # Errors
    /// [`IssuingError`] if none were issued; then nothing is recorded either.
    pub async fn outcome(self) -> Result<Option<RoleCredentials>, IssuingError> {
        let failed = |cause: Box<dyn Error + Send + Sync>| IssuingError::new("issue role credentials", cause);
        match self.hearing.await {
            Ok(Ok(Kept::Kept)) => Ok(Some(self.credentials)),
            Ok(Ok(Kept::Outdated)) => Ok(None),
            Ok(Err(cause)) => Err(failed(cause.into())),
            Err(cause) => Err(failed(cause.into())),
        }
    }
}

/// Makes credentials for somebody who was found to be assigned, and knows them again.
pub trait RoleCredentialIssuer: Debug + Send + Sync {
    /// Issues credentials, and records that together with them.
    ///
    /// # Errors
    /// [`IssuingError`] if none were issued; then nothing is recorded either.
    fn issue(
        &self,
        to: Assigned<'_>,
        event: &AuditEntry,
        now: Timestamp,
    ) -> Result<RoleCredentials, IssuingError>;

    /// The same for many at a time, without waiting for each: if nothing was altered since the revision at which was
    /// `seen` that the person is assigned. `None` if this issuer does not do that; then [`Self::issue`] does.
    fn begin(
        &self,
        _to: Assigned<'_>,
        _event: AuditEntry,
        _now: Timestamp,
        _seen: Revision,
    ) -> Option<Issuing> {
        None
    }

    /// Issues credentials of a role that was found to trust the caller, and records that together with it.
    ///
    /// # Errors
    /// [`IssuingError`] if none were issued; then nothing is recorded either.
    fn assume(
        &self,
        role: &Role,
        session: Assumption,
        event: &AuditEntry,
        now: Timestamp,
    ) -> Result<(RoleCredentials, IssuedKey), IssuingError>;

    /// Issued credentials, expired ones included.
    ///
    /// # Errors
    /// [`IssuingError`] if that cannot be told.
    fn find(&self, access_key_id: &str) -> Result<Option<IssuedKey>, IssuingError>;

    /// The same if the session token presented with the id is theirs.
    ///
    /// # Errors
    /// [`IssuingError`] if that cannot be told.
    fn find_presented(
        &self,
        access_key_id: &str,
        session_token: &str,
    ) -> Result<Option<IssuedKey>, IssuingError>;

    /// Whether their secret access key passes a check: being the one presented, or having signed a request.
    fn secret_passes(&self, key: &IssuedKey, check: &dyn Fn(&Token) -> bool) -> bool;
}

/// The role of a permission set in an account: `AWSReservedSSO_NAME_HEX` with 16 digits that differ by account (IAM
/// Identity Center User Guide). At most 64 characters.
pub fn role_name(key: &InstanceKey, account_id: &str, set_name: &str) -> String {
    format!("AWSReservedSSO_{set_name}_{}", key.public_id("role", &[account_id, set_name], 16))
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
        to: Assigned<'_>,
        event: &AuditEntry,
        now: Timestamp,
    ) -> Result<RoleCredentials, IssuingError> {
        let (credentials, key) = self.make(to, now);
        self.store
            .add_role_credentials(&key, event)
            .map_err(|cause| IssuingError::new("issue role credentials", cause))?;
        Ok(credentials)
    }

    fn begin(&self, to: Assigned<'_>, event: AuditEntry, now: Timestamp, seen: Revision) -> Option<Issuing> {
        let (credentials, key) = self.make(to, now);
        Some(Issuing { credentials, hearing: self.store.issue(key, event, seen) })
    }

    fn assume(
        &self,
        role: &Role,
        session: Assumption,
        event: &AuditEntry,
        now: Timestamp,
    ) -> Result<(RoleCredentials, IssuedKey), IssuingError> {
        let ends = now.checked_add(session.duration).unwrap_or(now);
        let credentials = self.draw(now, ends);
        let parts = [role.account.as_str(), role.name.as_str()];
        let key = IssuedKey {
            access_key_id: credentials.access_key_id.clone(),
            session_token: credentials.session_token.digest(),
            account_id: role.account.clone(),
            permission_set: role.name.clone(),
            role_name: role.name.clone(),
            role_id: format!("AROA{}", self.key.public_id("assumed role id", &parts, 17).to_uppercase()),
            session_name: session.session_name,
            user_id: session.user_id,
            tags: session.assumed.tags.clone(),
            ends,
            assumed: Some(session.assumed),
        };
        self.store
            .add_assumed_role(&key, event)
            .map_err(|cause| IssuingError::new("issue credentials of an assumed role", cause))?;
        Ok((credentials, key))
    }

    fn find(&self, access_key_id: &str) -> Result<Option<IssuedKey>, IssuingError> {
        self.store
            .role_credentials(access_key_id)
            .map_err(|cause| IssuingError::new("look up role credentials", cause))
    }

    fn find_presented(
        &self,
        access_key_id: &str,
        session_token: &str,
    ) -> Result<Option<IssuedKey>, IssuingError> {
        let presented = Digest::of(session_token);
        let theirs = |key: &IssuedKey| key.session_token.as_bytes().ct_eq(presented.as_bytes()).into();
        Ok(self.find(access_key_id)?.filter(theirs))
    }

    fn secret_passes(&self, key: &IssuedKey, check: &dyn Fn(&Token) -> bool) -> bool {
        check(&self.secret_access_key(&key.access_key_id))
    }
}

impl OwnKeys {
    /// New credentials of an assigned role, and what is kept of them.
    fn make(&self, to: Assigned<'_>, now: Timestamp) -> (RoleCredentials, IssuedKey) {
        let ends = now.checked_add(to.set.session_duration).unwrap_or(now);
        let credentials = self.draw(now, ends);
        let parts = [to.account.id.as_str(), to.set.name.as_str()];
        let role_id = format!("AROA{}", self.key.public_id("role id", &parts, 17).to_uppercase());
        let role_name = role_name(&self.key, &to.account.id, &to.set.name);
        let key = to.key(&credentials, role_name, role_id);
        (credentials, key)
    }

    /// New credentials, of nobody yet.
    fn draw(&self, now: Timestamp, ends: Timestamp) -> RoleCredentials {
        let access_key_id = self.chance.access_key_id(now);
        let secret_access_key = self.secret_access_key(&access_key_id);
        RoleCredentials { access_key_id, secret_access_key, session_token: self.chance.token(), ends }
    }

    /// The secret half: derived from the instance's key, so it is stored nowhere.
    fn secret_access_key(&self, access_key_id: &str) -> Token {
        let bytes = self.key.derive("secret access key", &[access_key_id]);
        Token::new(BASE64_STANDARD.encode(&bytes[..30]))
    }
}
