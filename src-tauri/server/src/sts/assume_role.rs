//! AssumeRole (STS API, AssumeRole): from the credentials of one role to those of another.
//!
//! All keys of this server are a role's own, so each call is a link of a chain: an hour at most (IAM User
//! Guide, role chaining). Nobody evaluates policies here, so a call that narrows its session with one is
//! refused rather than given more than it asked for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use quick_xml::escape::escape;
use serde_json::json;

use super::{
    verify,
    wire::{StsError, shorten},
};
use crate::{
    audit::{self, Event},
    fields::Fields,
    instance::Instance,
    issuing::{Assumption, RoleCredentials},
    organisation::{Role, Trusted, is_external_id_byte, is_name_byte},
    sigv4::SignedRequest,
    store::{Assumed, AuditEntry, IssuedKey},
};

/// The longest session of a chained role, and the usual one.
const CHAINED: i64 = 3600;
/// The shortest session, and the longest of any role (STS API, `DurationSeconds`).
const DURATIONS: std::ops::RangeInclusive<i64> = 900..=43200;
/// STS API, `Tags`.
const MOST_TAGS: usize = 50;

/// What the caller gets.
#[derive(Debug)]
pub struct AssumedRole {
    credentials: RoleCredentials,
    arn: String,
    id: String,
}

/// What the caller asks for, within the rules of the API.
struct Asked<'f> {
    role_arn: &'f str,
    session_name: &'f str,
    external_id: Option<&'f str>,
    seconds: i64,
    tags: BTreeMap<String, String>,
    transitive: BTreeSet<String>,
}

/// Gives credentials of a role that trusts the caller.
///
/// # Errors
/// `ValidationError` and `InvalidParameterValue` for what breaks the API's rules, `AccessDenied` where there
/// is no such role or it does not trust the caller: which of them is not told, as AWS does not.
pub fn assume_role(
    instance: &Instance,
    request: &SignedRequest,
    fields: &Fields,
) -> Result<AssumedRole, StsError> {
    let key = verify::verify(instance, request)?;
    let asked = Asked::read(fields)?;
    let assumed = inherited(&key, &asked)?;
    // Credentials live on when a person may do nothing any more (IAM Identity Center User Guide, sessions); new
    // ones are not made of them, or two roles that trust each other would keep a person in for ever.
    let is_somebody = instance.user(&key.user_id)?.is_some();
    let role = instance.store.iam_role(asked.role_arn)?.filter(|role| {
        is_somebody
            && trusts(role, &key)
            && role.external_id.as_deref().is_none_or(|id| asked.external_id == Some(id))
    });
    let Some(role) = role else {
        instance.store.append_audit(&[event(instance, &key, &asked, &assumed, Some("AccessDenied"))?])?;
        return Err(denied(&key, asked.role_arn));
    };
    if asked.seconds > role.max_session_duration.as_secs() {
        return Err(StsError::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    if asked.seconds > CHAINED {
        return Err(StsError::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    let entry = event(instance, &key, &asked, &assumed, None)?;
    let session = Assumption {
        session_name: asked.session_name.to_owned(),
        user_id: key.user_id.clone(),
        duration: SignedDuration::from_secs(asked.seconds),
        assumed,
    };
    let (credentials, issued) = instance.issuer.assume(&role, session, &entry, instance.now())?;
    let id = format!("{}:{}", issued.role_id, issued.session_name);
    Ok(AssumedRole { credentials, arn: issued.session_arn(), id })
}

fn denied(key: &IssuedKey, role_arn: &str) -> StsError {
    StsError::access_denied(format!(
        "User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
        key.session_arn()
    ))
}

/// Whether one of the role's principals is the caller.
fn trusts(role: &Role, key: &IssuedKey) -> bool {
    let chained = key.assumed.is_some();
    role.trusted.iter().any(|principal| match principal {
        Trusted::EveryPermissionSet => !chained,
        Trusted::PermissionSet(name) => !chained && key.permission_set == *name,
        Trusted::PermissionSetIn { account, name } => {
            !chained && key.permission_set == *name && key.account_id == *account
        }
        Trusted::Role(arn) => {
            chained && *arn == format!("arn:aws:iam::{}:role/{}", key.account_id, key.role_name)
        }
    })
}

/// The new session's tags: those asked for, and the transitive ones of the session before, which win.
fn inherited(key: &IssuedKey, asked: &Asked<'_>) -> Result<Assumed, StsError> {
    let mut tags = asked.tags.clone();
    let mut transitive = asked.transitive.clone();
    if let Some(before) = &key.assumed {
        for name in &before.transitive {
            if tags.keys().any(|own| own.to_lowercase() == name.to_lowercase()) {
                return Err(StsError::invalid_parameter(
                    "One of the specified transitive tag keys can't be set because it conflicts with a \
                     transitive tag key from the calling session.",
                ));
            }
            transitive.insert(name.clone());
            tags.extend(before.tags.get_key_value(name).map(|(key, value)| (key.clone(), value.clone())));
        }
    }
    Ok(Assumed { username: key.username().to_owned(), tags, transitive })
}

fn event(
    instance: &Instance,
    key: &IssuedKey,
    asked: &Asked<'_>,
    assumed: &Assumed,
    error: Option<&str>,
) -> Result<AuditEntry, StsError> {
    let user = instance.store.user(&key.user_id)?;
    Ok(instance.entry(&Event {
        source: audit::STS,
        name: "AssumeRole",
        user: user.as_ref(),
        key: Some(key),
        details: json!({
            "roleArn": asked.role_arn,
            "roleSessionName": asked.session_name,
            "externalId": asked.external_id,
            "durationSeconds": asked.seconds,
            "principalTags": assumed.tags,
            "transitiveTagKeys": assumed.transitive,
        }),
        additional: error.map_or(serde_json::Value::Null, |code| json!({ "errorCode": code })),
        ..Event::default()
    }))
}

impl<'f> Asked<'f> {
    fn read(fields: &'f Fields) -> Result<Self, StsError> {
        // However their members are numbered.
        let unsupported = ["Policy", "PolicyArns", "ProvidedContexts", "SourceIdentity"];
        let named = |pair: &str| pair.split('.').next().unwrap_or_default().to_owned();
        for (name, _) in fields.pairs().filter(|(_, value)| !value.is_empty()) {
            if let Some(name) = unsupported.iter().find(|known| **known == named(name)) {
                return Err(StsError::validation(format!("{name} is not supported by this server")));
            }
        }
        if fields.get("SerialNumber").or(fields.get("TokenCode")).is_some() {
            return Err(StsError::access_denied(
                "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
            ));
        }
        let role_arn = need(fields, "RoleArn", "roleArn")?;
        let chars = role_arn.chars().count();
        if !(20..=2048).contains(&chars) || !is_role_arn(role_arn) {
            return Err(StsError::validation(format!("{} is invalid", shorten(role_arn))));
        }
        let session_name = need(fields, "RoleSessionName", "roleSessionName")?;
        if !(2..=64).contains(&session_name.len()) || !session_name.bytes().all(is_name_byte) {
            return Err(broken(session_name, "roleSessionName", "[\\w+=,.@-]*"));
        }
        let external_id = fields.get("ExternalId");
        if let Some(id) =
            external_id.filter(|id| !(2..=1224).contains(&id.len()) || !id.bytes().all(is_external_id_byte))
        {
            return Err(broken(id, "externalId", "[\\w+=,.@:\\/-]*"));
        }
        let seconds = match fields.get("DurationSeconds") {
            None => CHAINED,
            Some(text) => {
                text.parse().ok().filter(|seconds| DURATIONS.contains(seconds)).ok_or_else(|| {
                    let text = shorten(text);
                    StsError::validation(format!(
                        "1 validation error detected: Value '{text}' at 'durationSeconds' failed to satisfy \
                     constraint: Member must have value between 900 and 43200"
                    ))
                })?
            }
        };
        let tags = tags(fields)?;
        let transitive = transitive(fields, &tags)?;
        Ok(Self { role_arn, session_name, external_id, seconds, tags, transitive })
    }
}

fn need<'f>(fields: &'f Fields, name: &str, member: &str) -> Result<&'f str, StsError> {
    fields.get(name).ok_or_else(|| {
        StsError::validation(format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must \
             not be null"
        ))
    })
}

fn broken(value: &str, member: &str, pattern: &str) -> StsError {
    StsError::validation(format!(
        "1 validation error detected: Value '{}' at '{member}' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: {pattern}",
        shorten(value)
    ))
}

/// `arn:PARTITION:iam::ACCOUNT:role/NAME`, without what the audit trail or XML could stumble over.
fn is_role_arn(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", partition, "iam", "", account, what]
    if partition.starts_with("aws")
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && what.strip_prefix("role/").is_some_and(|name| {
            !name.is_empty() && name.bytes().all(|b| is_name_byte(b) || b == b'/')
        }))
}

/// `Tags.member.N.Key` and `.Value`; keys are one where they differ by case only.
fn tags(fields: &Fields) -> Result<BTreeMap<String, String>, StsError> {
    let mut tags = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for number in 1.. {
        let (key, value) = (format!("Tags.member.{number}.Key"), format!("Tags.member.{number}.Value"));
        let Some(key) = fields.get(&key) else { break };
        let value = fields.get(&value).unwrap_or_default();
        if number > MOST_TAGS {
            return Err(StsError::validation(
                "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have \
                 length less than or equal to 50",
            ));
        }
        if key.chars().count() > 128 || !key.chars().all(is_tag_char) {
            return Err(broken(key, &format!("tags.{number}.member.key"), TAG_PATTERN));
        }
        if value.chars().count() > 256 || !value.chars().all(is_tag_char) {
            return Err(broken(value, &format!("tags.{number}.member.value"), TAG_PATTERN));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(StsError::invalid_parameter(
                "System tags cannot be modified. Tag keys cannot begin with aws:",
            ));
        }
        if !seen.insert(key.to_lowercase()) {
            return Err(StsError::invalid_parameter(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    Ok(tags)
}

/// STS API, `Tag`.
const TAG_PATTERN: &str = "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*";

fn is_tag_char(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c)
}

fn transitive(fields: &Fields, tags: &BTreeMap<String, String>) -> Result<BTreeSet<String>, StsError> {
    let mut keys = BTreeSet::new();
    for number in 1..=MOST_TAGS {
        let Some(name) = fields.get(&format!("TransitiveTagKeys.member.{number}")) else { break };
        let known = tags.keys().find(|key| key.to_lowercase() == name.to_lowercase());
        let known = known.ok_or_else(|| {
            StsError::invalid_parameter(
                "The specified transitive tag key must be included in the requested tags.",
            )
        })?;
        keys.insert(known.clone());
    }
    Ok(keys)
}

impl AssumedRole {
    /// As STS writes it; the only place where the secrets are exposed.
    pub fn xml(&self, namespace: &str, request_id: &str) -> String {
        let Self { credentials, arn, id } = self;
        format!(
            "<AssumeRoleResponse xmlns=\"{namespace}\">\n  <AssumeRoleResult>\n    <Credentials>\n      \
             <AccessKeyId>{}</AccessKeyId>\n      <SecretAccessKey>{}</SecretAccessKey>\n      \
             <SessionToken>{}</SessionToken>\n      <Expiration>{}</Expiration>\n    </Credentials>\n    \
             <AssumedRoleUser>\n      <AssumedRoleId>{}</AssumedRoleId>\n      <Arn>{}</Arn>\n    \
             </AssumedRoleUser>\n  </AssumeRoleResult>\n  <ResponseMetadata>\n    \
             <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n</AssumeRoleResponse>\n",
            escape(&credentials.access_key_id),
            escape(credentials.secret_access_key.expose()),
            escape(credentials.session_token.expose()),
            credentials.ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
            escape(id),
            escape(arn),
        )
    }
}
