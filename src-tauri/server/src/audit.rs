//! What happened, as CloudTrail would tell it (IAM Identity Center User Guide, CloudTrail).

use serde_json::{Value, json};

use crate::{
    domain::sign_in_session::SignInSession,
    instance::Instance,
    organisation::User,
    store::{AuditEntry, IssuedKey, StoreError},
};

/// Events of the access portal and of `CreateToken`.
pub const SSO: &str = "sso.amazonaws.com";
/// Events of the sign-in pages and the console.
pub const SIGNIN: &str = "signin.amazonaws.com";
/// Events of STS.
pub const STS: &str = "sts.amazonaws.com";

/// One event, before it is written.
#[derive(Debug, Default)]
pub struct Event<'a> {
    /// [`SSO`], [`SIGNIN`] or [`STS`].
    pub source: &'a str,
    /// `GetRoleCredentials`, `CredentialVerification` …
    pub name: &'a str,
    /// Who, if that is known.
    pub user: Option<&'a User>,
    /// With whose role credentials, where a request was signed with them.
    pub key: Option<&'a IssuedKey>,
    /// In which session; joins the events of one sign-in.
    pub session: Option<&'a SignInSession>,
    /// `serviceEventDetails`.
    pub details: Value,
    /// `additionalEventData`.
    pub additional: Value,
}

impl Instance {
    /// Writes an event to the trail. What cannot be recorded must not happen, so the error is the
    /// operation's.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub fn record(&self, event: &Event<'_>) -> Result<(), StoreError> {
        self.store.append_audit(&[self.entry(event)])
    }

    /// An event for the transaction of what it tells.
    pub fn entry(&self, event: &Event<'_>) -> AuditEntry {
        let now = self.now();
        let account = &self.organisation.management_account;
        let directory = self.addresses.directory_id();
        let on_behalf_of = |user: &User| {
            json!({
                "userId": self.user_id(user),
                "identityStoreArn": format!("arn:aws:identitystore::{account}:identitystore/{directory}"),
            })
        };
        let identity = match (event.key, event.user) {
            (Some(key), user) => json!({
                "type": "AssumedRole",
                "principalId": format!("{}:{}", key.role_id, key.session_name),
                "arn": key.session_arn(),
                "accountId": key.account_id,
                "accessKeyId": key.access_key_id,
                "onBehalfOf": user.map(on_behalf_of),
            }),
            (None, Some(user)) => json!({
                "type": "IdentityCenterUser",
                "accountId": account,
                "onBehalfOf": on_behalf_of(user),
                "credentialId": event.session.map(|session| &session.id),
            }),
            // A name nobody has is not written down: it may be a password in the wrong field.
            (None, None) => json!({ "type": "Unknown", "accountId": account }),
        };
        let body = json!({
            "eventVersion": "1.08",
            "eventID": self.chance.uuid(),
            "eventTime": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "eventSource": event.source,
            "eventName": event.name,
            "eventType": "AwsServiceEvent",
            "awsRegion": self.organisation.region,
            "userIdentity": identity,
            "requestParameters": null,
            "responseElements": null,
            "additionalEventData": event.additional,
            "serviceEventDetails": event.details,
            "recipientAccountId": account,
        });
        AuditEntry {
            moment: now,
            source: event.source.to_owned(),
            name: event.name.to_owned(),
            event: body.to_string(),
        }
    }
}
