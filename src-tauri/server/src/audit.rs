//! What happened, as CloudTrail would tell it (IAM Identity Center User Guide, CloudTrail; CloudTrail User Guide,
//! record contents).

pub mod command;
pub mod delivery;
pub mod keeping;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    domain::sign_in_session::SignInSession,
    instance::Instance,
    organisation::{Settings, User},
    origin::Origin,
    secret::InstanceKey,
    store::{AuditEntry, IssuedKey, StoreError},
};

/// Events of the access portal and of `CreateToken`.
pub const SSO: &str = "sso.amazonaws.com";
/// Events of the sign-in pages and the console.
pub const SIGNIN: &str = "signin.amazonaws.com";
/// Events of the look-up.
pub const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";
/// Events of administrators' access keys.
pub const IAM: &str = "iam.amazonaws.com";

/// Events of accounts and organizational units.
pub const ORGANIZATIONS: &str = "organizations.amazonaws.com";
/// Events of the directory that its console and portal cause.
pub const DIRECTORY: &str = "sso-directory.amazonaws.com";
/// Events of STS.
pub const STS: &str = "sts.amazonaws.com";

/// One event, before it is written.
#[derive(Debug, Default)]
pub struct Event<'a> {
    /// [`SSO`], [`SIGNIN`], [`STS`] …
    pub source: &'a str,
    /// `GetRoleCredentials`, `CredentialVerification` …
    pub name: &'a str,
    /// Who, if that is known.
    pub user: Option<&'a User>,
    /// With whose role credentials, where a request was signed with them.
    pub key: Option<&'a IssuedKey>,
    /// In which session; joins the events of one sign-in.
    pub session: Option<&'a SignInSession>,
    /// `serviceEventDetails`. What it says of `account_id`, `role_name` and `application` becomes the event's
    /// resources.
    pub details: Value,
    /// `additionalEventData`.
    pub additional: Value,
    /// Which administrator's key signed the request.
    pub administrator: Option<Administrator<'a>>,
    /// The id of the access token with which an identity provider provisions.
    pub provisioner: Option<&'a str>,
    /// `requestParameters`, without secrets.
    pub request: Value,
    /// `errorCode` and `errorMessage`, if it was refused.
    pub error: Option<(&'a str, &'a str)>,
}

/// An administrator as events name them.
#[derive(Debug, Clone, Copy)]
pub struct Administrator<'a> {
    /// `AKIA…`.
    pub access_key_id: &'a str,
    /// The key's name.
    pub name: &'a str,
}

/// What all events of an instance have in common.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The organisation's management account.
    pub account: &'a str,
    /// Its home region.
    pub region: &'a str,
    /// `d-` and 10 hex digits.
    pub directory_id: &'a str,
    /// `ssoins-` and 16 hex digits.
    pub instance_id: &'a str,
    /// What the trail is sealed under.
    pub key: &'a InstanceKey,
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
        self.entry_under(&self.settings(), event)
    }

    /// The same where the settings are at hand and the database is not: in the midst of a transaction.
    pub fn entry_under(&self, settings: &Settings, event: &Event<'_>) -> AuditEntry {
        let (now, user_id) = (self.now(), event.user.map(|user| self.user_id(user)));
        self.place(settings).entry(event, user_id, &self.chance.event_id(now), now)
    }

    /// Where its events are at home.
    pub fn place<'a>(&'a self, settings: &'a Settings) -> Place<'a> {
        Place {
            account: &settings.management_account,
            region: &settings.region,
            directory_id: self.addresses.directory_id(),
            instance_id: self.addresses.instance_id(),
            key: &self.key,
        }
    }
}

impl Place<'_> {
    /// An event as it is written.
    pub fn entry(
        &self,
        event: &Event<'_>,
        user_id: Option<String>,
        event_id: &str,
        now: Timestamp,
    ) -> AuditEntry {
        let origin = Origin::current();
        let resources = self.resources(&event.details);
        let body = Body {
            event_version: "1.08",
            event_id,
            event_time: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            event_source: event.source,
            event_name: event.name,
            event_type: if event.administrator.is_some() || event.provisioner.is_some() {
                "AwsApiCall"
            } else {
                "AwsServiceEvent"
            },
            event_category: "Management",
            management_event: true,
            read_only: is_read_only(event.name),
            aws_region: self.region,
            source_ip_address: &origin.source_ip,
            user_agent: origin.user_agent.as_deref(),
            user_identity: self.identity(event, user_id),
            request_parameters: &event.request,
            response_elements: (),
            additional_event_data: additional(event),
            service_event_details: &event.details,
            recipient_account_id: self.account,
            resources,
            error_code: event.error.map(|(code, _)| code),
            error_message: event.error.map(|(_, message)| message),
        };
        AuditEntry {
            moment: now,
            source: event.source.to_owned(),
            name: event.name.to_owned(),
            event: body.written(),
            key: self.key.clone(),
        }
    }

    fn identity(&self, event: &Event<'_>, user_id: Option<String>) -> Value {
        let (account, directory) = (self.account, self.directory_id);
        if let Some(administrator) = event.administrator {
            return json!({
                "type": "IAMUser",
                "accountId": account,
                "accessKeyId": administrator.access_key_id,
                "userName": administrator.name,
                "arn": format!("arn:aws:iam::{account}:user/{}", administrator.name),
            });
        }
        if let Some(token) = event.provisioner {
            return json!({ "type": "WebIdentityUser", "accountId": account, "accessKeyId": token });
        }
        let on_behalf_of = user_id.map(|user_id| {
            json!({
                "userId": user_id,
                "identityStoreArn": format!("arn:aws:identitystore::{account}:identitystore/{directory}"),
            })
        });
        if let Some(key) = event.key {
            return json!({
                "type": "AssumedRole",
                "principalId": format!("{}:{}", key.role_id, key.session_name),
                "arn": key.session_arn(),
                "accountId": key.account_id,
                "accessKeyId": key.access_key_id,
                "onBehalfOf": on_behalf_of,
            });
        }
        match on_behalf_of {
            Some(on_behalf_of) => json!({
                "type": "IdentityCenterUser",
                "accountId": account,
                "onBehalfOf": on_behalf_of,
                "credentialId": event.session.map(|session| &session.id),
            }),
            // A name nobody has is not written down: it may be a password in the wrong field.
            None => json!({ "type": "Unknown", "accountId": account }),
        }
    }

    fn resources(&self, details: &Value) -> Vec<Resource<'_>> {
        let (account, instance) = (self.account, self.instance_id);
        let mut resources = Vec::new();
        let mut add = |field: &str, kind, prefix: &dyn Fn() -> String| {
            if let Some(name) = details[field].as_str() {
                resources.push(Resource { kind, arn: format!("{}/{name}", prefix()), account_id: account });
            }
        };
        let of_account = |service: &str, path: &str| format!("arn:aws:{service}::{account}:{path}");
        add("account_id", "AWS::Organizations::Account", &|| {
            of_account("organizations", "account/o-latchkey")
        });
        add("role_name", "AWS::SSO::PermissionSet", &|| format!("arn:aws:sso:::permissionSet/{instance}"));
        add("application", "AWS::SSO::Application", &|| {
            of_account("sso", &format!("application/{instance}"))
        });
        add("user_id", "AWS::IdentityStore::User", &|| "arn:aws:identitystore:::user".to_owned());
        add("group_id", "AWS::IdentityStore::Group", &|| "arn:aws:identitystore:::group".to_owned());
        add("access_key_id", "AWS::IAM::AccessKey", &|| of_account("iam", "access-key"));
        resources
    }
}

/// An event as CloudTrail writes it, put on paper without a tree of it in between.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    event_version: &'a str,
    #[serde(rename = "eventID")]
    event_id: &'a str,
    event_time: String,
    event_source: &'a str,
    event_name: &'a str,
    event_type: &'a str,
    event_category: &'a str,
    management_event: bool,
    read_only: bool,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: &'a str,
    user_agent: Option<&'a str>,
    user_identity: Value,
    request_parameters: &'a Value,
    response_elements: (),
    additional_event_data: Value,
    service_event_details: &'a Value,
    recipient_account_id: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<Resource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
}

#[derive(Serialize)]
struct Resource<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(rename = "ARN")]
    arn: String,
    #[serde(rename = "accountId")]
    account_id: &'a str,
}

impl Body<'_> {
    fn written(&self) -> String {
        // As long as most of them.
        let mut text = Vec::with_capacity(1500);
        let written = serde_json::to_writer(&mut text, self).map(|()| String::from_utf8(text));
        match written {
            Ok(Ok(text)) => text,
            _ => unreachable!("keys are text, and a Vec takes what is written"),
        }
    }
}

/// With the user's name, which `userIdentity` has no more since July 2025 (IAM Identity Center User Guide).
fn additional(event: &Event<'_>) -> Value {
    let Some(user) = event.user else { return event.additional.clone() };
    let mut data = match &event.additional {
        Value::Object(data) => data.clone(),
        _ => Map::new(),
    };
    data.insert("UserName".to_owned(), json!(user.username));
    Value::Object(data)
}

/// Whether an operation only looks. Credentials and tokens are made by what is called Get.
pub fn is_read_only(name: &str) -> bool {
    let looks = ["List", "Get", "Describe", "Lookup", "Is"].iter().any(|verb| name.starts_with(verb));
    looks && !["GetRoleCredentials", "GetSigninToken"].contains(&name)
}
