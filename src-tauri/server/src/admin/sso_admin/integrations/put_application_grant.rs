//! PutApplicationGrant. One grant of each type.

use serde_json::{Value, json};

use crate::{
    admin::{
        Call, Outcome,
        body::{Body, invalid, missing},
        wire::AdminError,
    },
    domain::integration::{is_member, is_redirect_uri},
    store::Permission,
};

/// Sets by which grant an application gets tokens.
pub fn put_application_grant(call: &Call<'_>) -> Outcome {
    call.integrated()?;
    let (name, member) = call.grant_type()?;
    let grant = call.body().need_object("Grant")?;
    let inner = grant.object(member)?;
    let inner =
        inner.ok_or_else(|| invalid("Grant", format!("Member must have {member} for this GrantType")))?;
    let value = match member {
        "AuthorizationCode" => json!({ "RedirectUris": redirect_uris(inner)? }),
        "JwtBearer" => json!({ "AuthorizedTokenIssuers": issuers(call, inner)? }),
        _ => json!({}),
    };
    call.put_permission(Permission::Grant, name, &json!({ member: value }))
}

fn texts<'v>(body: Body<'v>, name: &str) -> Result<Vec<&'v str>, AdminError> {
    let members = body.list(name, 1..=10)?.ok_or_else(|| missing(name))?;
    let text =
        |member: &'v Value| member.as_str().filter(|text| is_member(text)).ok_or_else(AdminError::wrong_type);
    members.iter().map(text).collect()
}

fn redirect_uris(body: Body<'_>) -> Result<Vec<&str>, AdminError> {
    let uris = texts(body, "RedirectUris")?;
    for uri in &uris {
        if !is_redirect_uri(uri) {
            return Err(invalid("RedirectUris", "Member must be an absolute URI without a fragment"));
        }
    }
    Ok(uris)
}

fn issuers(call: &Call<'_>, body: Body<'_>) -> Result<Vec<Value>, AdminError> {
    let name = "AuthorizedTokenIssuers";
    let members = body.list(name, 1..=10)?.ok_or_else(|| missing(name))?;
    let read = |member| {
        let member = Body(member);
        let arn = member.need("TrustedTokenIssuerArn")?;
        call.trusted_issuer_at(arn)?;
        let audiences = texts(member, "AuthorizedAudiences")?;
        Ok(json!({ "TrustedTokenIssuerArn": arn, "AuthorizedAudiences": audiences }))
    };
    members.iter().map(read).collect()
}
