//! Role credentials from AWS's STS, in the place of the server's own.
//!
//! Nothing is kept ready: each call asks the database who is assigned and AWS for credentials. So whoever loses an
//! assignment gets no more of them from that moment on; what was given out before lives on until it ends, as at AWS.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::{runtime::Handle, sync::Semaphore};

use super::{
    Aws, Failure, failure, issuer_url,
    role::PATH,
    signing::{Keyring, claims},
};
use crate::{
    instance::Instance,
    issuing::{Assigned, Assumption, IssuingError, OwnKeys, RoleCredentialIssuer, RoleCredentials, Why},
    organisation::Role,
    secret::Token,
    store::{AuditEntry, IssuedKey},
};

/// Calls under way at a time: half of the threads for blocking work, so that an STS that hangs leaves room for signing
/// in.
const MOST_CALLS: usize = 8;
/// STS's shortest and longest session (STS API, `DurationSeconds`).
const SESSIONS: std::ops::RangeInclusive<i64> = 900..=43_200;
const DOING: &str = "sts:AssumeRoleWithWebIdentity";

/// Credentials of AWS's making.
#[derive(Debug)]
pub struct StsKeys {
    own: OwnKeys,
    aws: Arc<Aws>,
    issuer: String,
    calls: Semaphore,
}

/// A user name as STS takes it for a session (STS API, `RoleSessionName`: 2 to 64 of `[\w+=,.@-]`).
pub fn session_name(username: &str) -> String {
    let is_taken = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let mut name: String = username.chars().map(|c| if is_taken(c) { c } else { '-' }).take(64).collect();
    while name.len() < 2 {
        name.push('-');
    }
    name
}

impl StsKeys {
    /// That of an instance.
    pub fn of(instance: &Instance, aws: &Arc<Aws>) -> Self {
        let own = OwnKeys {
            store: Arc::clone(&instance.store),
            chance: Arc::clone(&instance.chance),
            key: instance.key.clone(),
        };
        let issuer = issuer_url(instance);
        Self { own, aws: Arc::clone(aws), issuer, calls: Semaphore::new(MOST_CALLS) }
    }

    fn ask(
        &self,
        role_name: &str,
        Assigned { user, account, set, tags }: Assigned<'_>,
        now: Timestamp,
    ) -> Result<(RoleCredentials, String), IssuingError> {
        let OwnKeys { store, chance, key } = &self.own;
        let claims = claims(&self.issuer, &chance.uuid(), (user, account, set), tags, now);
        let token = Keyring { store, chance, key }
            .token(&claims, now)
            .map_err(|cause| IssuingError::new("sign a web identity token", cause))?;
        let Ok(_call) = self.calls.try_acquire() else {
            let busy = Failure::own(DOING, "Throttling", "too many calls are under way");
            return Err(IssuingError::because(Why::TooMany, "get role credentials from AWS", busy));
        };
        let seconds = set.session_duration.as_secs().clamp(*SESSIONS.start(), *SESSIONS.end());
        let call = self
            .aws
            .clients
            .sts()
            .assume_role_with_web_identity()
            .role_arn(format!(
                "arn:{}:iam::{}:role{PATH}{role_name}",
                self.aws.config.partition(),
                account.id
            ))
            .role_session_name(session_name(&user.username))
            .duration_seconds(i32::try_from(seconds).unwrap_or(3600))
            .web_identity_token(token);
        // This is a thread for blocking work: `Instance::run`.
        let runtime = Handle::try_current().map_err(|cause| IssuingError::new("reach AWS", cause))?;
        let answer = runtime.block_on(call.send()).map_err(failure::of(DOING)).map_err(refused)?;
        let keys = answer.credentials.ok_or_else(|| {
            IssuingError::new("get role credentials from AWS", Failure::own(DOING, "", "no credentials came"))
        })?;
        let role_id = answer.assumed_role_user.map(|user| user.assumed_role_id).unwrap_or_default();
        let role_id = role_id.split(':').next().unwrap_or_default().to_owned();
        let credentials = RoleCredentials {
            access_key_id: keys.access_key_id,
            secret_access_key: Token::new(keys.secret_access_key),
            session_token: Token::new(keys.session_token),
            ends: Timestamp::from_second(keys.expiration.secs()).unwrap_or(now),
        };
        Ok((credentials, role_id))
    }
}

/// AWS's refusals as AWS SSO's portal tells them.
fn refused(failure: Failure) -> IssuingError {
    tracing::warn!(%failure, "AWS gave no role credentials");
    let why = match failure.code.as_str() {
        "AccessDenied" => Why::NoAccess,
        _ if failure.is_throttling() => Why::TooMany,
        _ => Why::Failed,
    };
    IssuingError::because(why, "get role credentials from AWS", failure)
}

impl RoleCredentialIssuer for StsKeys {
    fn issue(
        &self,
        to: Assigned<'_>,
        event: &AuditEntry,
        now: Timestamp,
    ) -> Result<RoleCredentials, IssuingError> {
        let doing = "get role credentials from AWS";
        let role = self.own.store.aws_role(&to.account.id, &to.set.arn);
        let role = role.map_err(|cause| IssuingError::new(doing, cause))?;
        let Some(role) = role.filter(|role| role.applied.is_some()) else {
            let text = format!("the role of {} is not in account {} yet", to.set.name, to.account.id);
            return Err(IssuingError::because(Why::NoAccess, doing, Failure::own(DOING, "NoRole", text)));
        };
        let (credentials, role_id) = self.ask(&role.role_name, to, now)?;
        let key = to.key(&credentials, role.role_name, role_id);
        self.own
            .store
            .add_role_credentials(&key, event)
            .map_err(|cause| IssuingError::new("record role credentials", cause))?;
        Ok(credentials)
    }

    fn assume(
        &self,
        _: &Role,
        _: Assumption,
        _: &AuditEntry,
        _: Timestamp,
    ) -> Result<(RoleCredentials, IssuedKey), IssuingError> {
        let text = "roles of real accounts are assumed at AWS's own STS";
        let failure = Failure::own("sts:AssumeRole", "NotHere", text);
        Err(IssuingError::because(Why::NoAccess, "assume a role", failure))
    }

    fn find(&self, access_key_id: &str) -> Result<Option<IssuedKey>, IssuingError> {
        self.own.find(access_key_id)
    }

    fn find_presented(
        &self,
        access_key_id: &str,
        session_token: &str,
    ) -> Result<Option<IssuedKey>, IssuingError> {
        self.own.find_presented(access_key_id, session_token)
    }

    /// Never: the secret halves are AWS's, and are not kept.
    fn secret_passes(&self, _: &IssuedKey, _: &dyn Fn(&Token) -> bool) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_name_makes_a_session_name() {
        assert_eq!(session_name("sam@acme.test"), "sam@acme.test");
        assert_eq!(session_name("j\u{fc}rg M"), "j-rg-M");
        assert_eq!(session_name("x"), "x-");
        assert_eq!(session_name(&"y".repeat(80)).len(), 64);
    }

    #[test]
    fn refusals_are_told_as_the_portal_tells_them() {
        let why = |code: &str| refused(Failure::own(DOING, code, "")).why();
        assert_eq!(why("AccessDenied"), Why::NoAccess);
        assert_eq!(why("Throttling"), Why::TooMany);
        assert_eq!(why("InvalidIdentityToken"), Why::Failed);
    }
}
