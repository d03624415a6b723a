//! Roles and the identity provider in an account's IAM.

use std::collections::BTreeMap;

use aws_sdk_iam::{Client, types::Tag};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{
    failure::{self, Failure},
    role::{AUDIENCE, INSTANCE_TAG, PATH, RoleSpec},
};

const NO_SUCH: &str = "NoSuchEntity";
const EXISTS: &str = "EntityAlreadyExists";

/// Whether what was to be deleted is gone already.
fn unless_gone<T>(outcome: Result<T, Failure>) -> Result<(), Failure> {
    match outcome {
        Err(failure) if !failure.code.starts_with(NO_SUCH) => Err(failure),
        _ => Ok(()),
    }
}

fn unless_there<T>(outcome: Result<T, Failure>) -> Result<(), Failure> {
    match outcome {
        Err(failure) if !failure.code.starts_with(EXISTS) => Err(failure),
        _ => Ok(()),
    }
}

/// IAM answers documents percent-encoded (IAM API, `GetRole`).
fn document(text: Option<&str>) -> Value {
    let decoded = percent_decode_str(text.unwrap_or_default()).decode_utf8_lossy();
    serde_json::from_str(&decoded).unwrap_or_else(|_| Value::String(decoded.into_owned()))
}

/// Makes this server's identity provider in the account, if it is not there, and sees to its audience and
/// thumbprints.
///
/// # Errors
/// [`Failure`] if IAM refuses.
pub async fn ensure_provider(
    iam: &Client,
    arn: &str,
    issuer: &str,
    instance_id: &str,
    thumbprints: &[String],
) -> Result<(), Failure> {
    let get = iam.get_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await;
    let known = match get.map_err(failure::of("iam:GetOpenIDConnectProvider")) {
        Ok(known) => known,
        Err(failure) if failure.code.starts_with(NO_SUCH) => {
            let tag = tag("iam:CreateOpenIDConnectProvider", INSTANCE_TAG, instance_id)?;
            let made = iam
                .create_open_id_connect_provider()
                .url(issuer)
                .client_id_list(AUDIENCE)
                // Without any, IAM looks for the authority itself (IAM API, `CreateOpenIDConnectProvider`).
                .set_thumbprint_list((!thumbprints.is_empty()).then(|| thumbprints.to_vec()))
                .tags(tag)
                .send()
                .await;
            return unless_there(made.map_err(failure::of("iam:CreateOpenIDConnectProvider")));
        }
        Err(failure) => return Err(failure),
    };
    if !known.client_id_list().iter().any(|id| id == AUDIENCE) {
        iam.add_client_id_to_open_id_connect_provider()
            .open_id_connect_provider_arn(arn)
            .client_id(AUDIENCE)
            .send()
            .await
            .map_err(failure::of("iam:AddClientIDToOpenIDConnectProvider"))?;
    }
    if !has_thumbprints(known.thumbprint_list(), thumbprints) {
        iam.update_open_id_connect_provider_thumbprint()
            .open_id_connect_provider_arn(arn)
            .set_thumbprint_list(Some(thumbprints.to_vec()))
            .send()
            .await
            .map_err(failure::of("iam:UpdateOpenIDConnectProviderThumbprint"))?;
    }
    Ok(())
}

/// How this server's identity provider in the account differs from what was made, in words; nothing if it does not.
/// Where it does, nobody is let in by any of the roles.
///
/// # Errors
/// [`Failure`] if IAM refuses.
pub async fn provider_differences(
    iam: &Client,
    arn: &str,
    thumbprints: &[String],
) -> Result<Vec<String>, Failure> {
    let get = iam.get_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await;
    let known = match get.map_err(failure::of("iam:GetOpenIDConnectProvider")) {
        Ok(known) => known,
        Err(failure) if failure.code.starts_with(NO_SUCH) => {
            return Ok(vec![format!("The identity provider {arn} is not there: nobody is let in.")]);
        }
        Err(failure) => return Err(failure),
    };
    let mut all = Vec::new();
    if !known.client_id_list().iter().any(|id| id == AUDIENCE) {
        all.push(format!("The identity provider {arn} does not take {AUDIENCE} any more: nobody is let in."));
    }
    if !has_thumbprints(known.thumbprint_list(), thumbprints) {
        all.push(format!("The identity provider {arn} has other thumbprints."));
    }
    Ok(all)
}

fn has_thumbprints(known: &[String], wanted: &[String]) -> bool {
    wanted.iter().all(|wanted| known.iter().any(|known| known.eq_ignore_ascii_case(wanted)))
}

/// A role as it is; `None` if there is none.
///
/// # Errors
/// [`Failure`] if IAM refuses, or if the role is somebody else's.
pub async fn read(iam: &Client, name: &str) -> Result<Option<RoleSpec>, Failure> {
    let role = match iam.get_role().role_name(name).send().await.map_err(failure::of("iam:GetRole")) {
        Ok(answer) => answer.role,
        Err(failure) if failure.code.starts_with(NO_SUCH) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let Some(role) = role else { return Ok(None) };
    if role.path != PATH {
        let text = format!("the account has a role {name} below {}, which is not this server's", role.path);
        return Err(Failure::own("iam:GetRole", "RoleOfAnother", text));
    }
    let attached = iam.list_attached_role_policies().role_name(name).into_paginator().items().send();
    let attached = failure::all("iam:ListAttachedRolePolicies", attached).await?;
    let names = iam.list_role_policies().role_name(name).into_paginator().items().send();
    let names = failure::all("iam:ListRolePolicies", names).await?;
    let mut inline = BTreeMap::new();
    for policy in names {
        let answer = iam
            .get_role_policy()
            .role_name(name)
            .policy_name(&policy)
            .send()
            .await
            .map_err(failure::of("iam:GetRolePolicy"))?;
        inline.insert(policy, document(Some(&answer.policy_document)));
    }
    let tags = role.tags().iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    Ok(Some(RoleSpec {
        trust: document(role.assume_role_policy_document()),
        managed: attached.into_iter().filter_map(|policy| policy.policy_arn).collect(),
        inline,
        boundary: role.permissions_boundary.and_then(|boundary| boundary.permissions_boundary_arn),
        max_session: role.max_session_duration.unwrap_or(3600),
        tags,
        description: role.description.unwrap_or_default(),
        name: role.role_name,
    }))
}

/// Makes a role what it should be. What takes something away goes first, so that no moment allows more than before
/// and after.
///
/// # Errors
/// [`Failure`] if IAM refuses a step; those before it are done.
pub async fn apply(iam: &Client, role: &RoleSpec) -> Result<(), Failure> {
    let there = match read(iam, &role.name).await? {
        Some(there) => there,
        None => {
            create(iam, role).await?;
            RoleSpec { managed: <_>::default(), inline: <_>::default(), ..role.clone() }
        }
    };
    let name = role.name.as_str();
    if role.trust != there.trust {
        iam.update_assume_role_policy()
            .role_name(name)
            .policy_document(role.trust.to_string())
            .send()
            .await
            .map_err(failure::of("iam:UpdateAssumeRolePolicy"))?;
    }
    match &role.boundary {
        Some(arn) if there.boundary.as_ref() != Some(arn) => {
            iam.put_role_permissions_boundary()
                .role_name(name)
                .permissions_boundary(arn)
                .send()
                .await
                .map_err(failure::of("iam:PutRolePermissionsBoundary"))?;
        }
        _ => {}
    }
    for arn in there.managed.difference(&role.managed) {
        let detached = iam.detach_role_policy().role_name(name).policy_arn(arn).send().await;
        unless_gone(detached.map_err(failure::of("iam:DetachRolePolicy")))?;
    }
    for policy in there.inline.keys().filter(|policy| !role.inline.contains_key(*policy)) {
        let deleted = iam.delete_role_policy().role_name(name).policy_name(policy).send().await;
        unless_gone(deleted.map_err(failure::of("iam:DeleteRolePolicy")))?;
    }
    for (policy, document) in &role.inline {
        if there.inline.get(policy) != Some(document) {
            iam.put_role_policy()
                .role_name(name)
                .policy_name(policy)
                .policy_document(document.to_string())
                .send()
                .await
                .map_err(failure::of("iam:PutRolePolicy"))?;
        }
    }
    for arn in role.managed.difference(&there.managed) {
        iam.attach_role_policy()
            .role_name(name)
            .policy_arn(arn)
            .send()
            .await
            .map_err(failure::of("iam:AttachRolePolicy"))?;
    }
    if role.boundary.is_none() && there.boundary.is_some() {
        let removed = iam.delete_role_permissions_boundary().role_name(name).send().await;
        unless_gone(removed.map_err(failure::of("iam:DeleteRolePermissionsBoundary")))?;
    }
    if role.max_session != there.max_session || role.description != there.description {
        iam.update_role()
            .role_name(name)
            .description(&role.description)
            .max_session_duration(role.max_session)
            .send()
            .await
            .map_err(failure::of("iam:UpdateRole"))?;
    }
    let missing = role.tags.iter().filter(|(key, value)| there.tags.get(*key) != Some(*value));
    let missing: Vec<Tag> =
        missing.map(|(key, value)| tag("iam:TagRole", key, value)).collect::<Result<_, _>>()?;
    if !missing.is_empty() {
        iam.tag_role()
            .role_name(name)
            .set_tags(Some(missing))
            .send()
            .await
            .map_err(failure::of("iam:TagRole"))?;
    }
    Ok(())
}

async fn create(iam: &Client, role: &RoleSpec) -> Result<(), Failure> {
    let tags = role.tags.iter().map(|(key, value)| tag("iam:CreateRole", key, value));
    let tags: Vec<Tag> = tags.collect::<Result<_, _>>()?;
    let made = iam
        .create_role()
        .role_name(&role.name)
        .path(PATH)
        .description(&role.description)
        .assume_role_policy_document(role.trust.to_string())
        .max_session_duration(role.max_session)
        .set_permissions_boundary(role.boundary.clone())
        .set_tags(Some(tags))
        .send()
        .await;
    made.map(drop).map_err(failure::of("iam:CreateRole"))
}

/// Deletes a role and all that hangs on it.
///
/// # Errors
/// [`Failure`] if IAM refuses a step; those before it are done.
pub async fn remove(iam: &Client, name: &str) -> Result<(), Failure> {
    let Some(there) = read(iam, name).await? else { return Ok(()) };
    for arn in &there.managed {
        let detached = iam.detach_role_policy().role_name(name).policy_arn(arn).send().await;
        unless_gone(detached.map_err(failure::of("iam:DetachRolePolicy")))?;
    }
    for policy in there.inline.keys() {
        let deleted = iam.delete_role_policy().role_name(name).policy_name(policy).send().await;
        unless_gone(deleted.map_err(failure::of("iam:DeleteRolePolicy")))?;
    }
    unless_gone(iam.delete_role().role_name(name).send().await.map_err(failure::of("iam:DeleteRole")))
}

fn tag(doing: &'static str, key: &str, value: &str) -> Result<Tag, Failure> {
    let built = Tag::builder().key(key).value(value).build();
    built.map_err(|error| Failure::own(doing, "InvalidTag", error.to_string()))
}
