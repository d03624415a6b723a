//! What changes how an application gets tokens: each form is one change, one event with the API's name, and one
//! transaction.

use serde_json::{Value, json};

use super::{
    Administrator, Answer, application_tokens as tokens,
    application_tokens::Integration,
    applications, gone, issuers,
    page::{Mistakes, way},
};
use crate::{
    admin::application_arn_prefix,
    audit,
    domain::{
        actor_policy,
        integration::{
            AUTHORIZATION_CODE, GRANTS, IAM, JWT_BEARER, MOST_MEMBERS, MOST_SCOPES, REFRESH_TOKEN,
            TOKEN_EXCHANGE, is_member, is_redirect_uri, is_scope,
        },
        policies,
    },
    fields::Fields,
    signin::see_other,
    store::{AuditEntry, Edited, Permission, StoreError},
};

fn saved(integration: &Integration) -> Answer {
    Ok(see_other(&way(tokens::PAGE, [("id", integration.id()), ("done", "saved")])))
}

/// The page with what is wrong.
fn refused(
    of: &Administrator<'_>,
    integration: &Integration,
    fields: &Fields,
    (field, problem): (&'static str, String),
) -> Answer {
    let mut mistakes = Mistakes::default();
    mistakes.add(field, problem);
    let drawn = tokens::Drawn { of, integration, fields, mistakes: &mistakes };
    Ok(drawn.whole()?.show_as(of, mistakes.status()))
}

/// The event of a change of this application, with more that is said of it.
fn entry(of: &Administrator<'_>, integration: &Integration, name: &str, more: &Value) -> AuditEntry {
    let mut details = applications::details(&integration.record.application);
    for (name, value) in more.as_object().into_iter().flatten() {
        details[name] = value.clone();
    }
    of.entry(audit::SSO, name, details)
}

/// Makes a permission this, or takes it away.
fn set(
    of: &Administrator<'_>,
    integration: &Integration,
    (permission, name): (Permission, &str),
    wanted: Option<&Value>,
    entry: &AuditEntry,
) -> Answer {
    let (store, id) = (&of.instance.store, integration.id());
    match wanted {
        Some(value) => {
            if !store.put_application_permission(id, permission, (name, value), entry)? {
                return Err(gone("application"));
            }
        }
        // What is gone already is what was wanted.
        None => drop(store.delete_application_permission(id, permission, name, entry)?),
    }
    saved(integration)
}

/// The lines of a field, each once.
fn lines(fields: &Fields, name: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in fields.get(name).unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !lines.iter().any(|known| known == line) {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// POST [`tokens::ACTORS`]: a `policy`, or none.
pub fn set_actors(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let integration = Integration::named(of, fields)?;
    let text = fields.get("policy").unwrap_or_default().trim();
    let which = (Permission::Authentication, IAM);
    if text.is_empty() {
        let more = json!({ "AuthenticationMethodType": IAM });
        let entry = entry(of, &integration, "DeleteApplicationAuthenticationMethod", &more);
        return set(of, &integration, which, None, &entry);
    }
    let policy = policies::json(text).and_then(|policy| {
        let checked = actor_policy::check(&policy);
        checked.map(|()| policy).map_err(|mistake| format!("The policy is refused: {mistake}."))
    });
    let policy = match policy {
        Ok(policy) => policy,
        Err(problem) => return refused(of, &integration, fields, ("policy", problem)),
    };
    let more = json!({ "AuthenticationMethodType": IAM, "ActorPolicy": policy });
    let entry = entry(of, &integration, "PutApplicationAuthenticationMethod", &more);
    set(of, &integration, which, Some(&json!({ "Iam": { "ActorPolicy": policy } })), &entry)
}

/// POST [`tokens::ALLOW`]: a `grant` that needs nothing more.
pub fn allow(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let integration = Integration::named(of, fields)?;
    let wanted = fields.get("grant").unwrap_or_default();
    let grant =
        GRANTS.iter().find(|(name, _)| *name == wanted && [REFRESH_TOKEN, TOKEN_EXCHANGE].contains(name));
    let (name, member) = grant.ok_or_else(|| gone("grant"))?;
    let entry = entry(of, &integration, "PutApplicationGrant", &json!({ "GrantType": name }));
    set(of, &integration, (Permission::Grant, *name), Some(&json!({ *member: {} })), &entry)
}

/// POST [`tokens::FORBID`]: a `grant`.
pub fn forbid(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let integration = Integration::named(of, fields)?;
    let wanted = fields.get("grant").unwrap_or_default();
    let (name, _) = GRANTS.iter().find(|(name, _)| *name == wanted).ok_or_else(|| gone("grant"))?;
    let entry = entry(of, &integration, "DeleteApplicationGrant", &json!({ "GrantType": name }));
    set(of, &integration, (Permission::Grant, *name), None, &entry)
}

/// POST [`tokens::REDIRECTS`]: addresses, or none for no codes.
pub fn set_redirects(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let integration = Integration::named(of, fields)?;
    let (uris, which) = (lines(fields, "redirects"), (Permission::Grant, AUTHORIZATION_CODE));
    if let Some(wrong) = uris.iter().find(|uri| !is_redirect_uri(uri)) {
        let problem = format!("{wrong} is no absolute address without a fragment.");
        return refused(of, &integration, fields, ("redirects", problem));
    }
    if uris.len() > MOST_MEMBERS {
        let problem = format!("There are {MOST_MEMBERS} addresses at most.");
        return refused(of, &integration, fields, ("redirects", problem));
    }
    let more = json!({ "GrantType": AUTHORIZATION_CODE, "RedirectUris": uris });
    if uris.is_empty() {
        let entry = entry(of, &integration, "DeleteApplicationGrant", &more);
        return set(of, &integration, which, None, &entry);
    }
    let entry = entry(of, &integration, "PutApplicationGrant", &more);
    set(of, &integration, which, Some(&json!({ "AuthorizationCode": { "RedirectUris": uris } })), &entry)
}

/// POST [`tokens::TAKE`]: tokens of an `issuer`, for these `audiences`.
pub fn take(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let integration = Integration::named(of, fields)?;
    let arn = fields.get("issuer").unwrap_or_default().to_owned();
    let id = arn.strip_prefix(&issuers::arn(of, "")).unwrap_or_default();
    if of.instance.store.trusted_issuer(id)?.is_none() {
        let problem = "There is no such issuer any more. Choose another.".to_owned();
        return refused(of, &integration, fields, ("issuer", problem));
    }
    let audiences = lines(fields, "audiences");
    if !(1..=MOST_MEMBERS).contains(&audiences.len()) || !audiences.iter().all(|one| is_member(one)) {
        let problem = format!("Enter 1 to {MOST_MEMBERS} audiences of at most 512 characters.");
        return refused(of, &integration, fields, ("audiences", problem));
    }
    let mut is_full = false;
    let more = json!({ "TrustedTokenIssuerArn": arn, "AuthorizedAudiences": audiences });
    let changed = edit_issuers(of, &integration, &more, |members| {
        members.retain(|member| member["TrustedTokenIssuerArn"] != arn.as_str());
        is_full = members.len() >= MOST_MEMBERS;
        members.push(more.clone());
        !is_full
    })?;
    if is_full {
        let problem = format!("It takes the tokens of {MOST_MEMBERS} issuers at most.");
        return refused(of, &integration, fields, ("issuer", problem));
    }
    if changed { saved(&integration) } else { Err(gone("application")) }
}

/// POST [`tokens::REFUSE`]: tokens of an `issuer`, no more.
pub fn refuse(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let integration = Integration::named(of, fields)?;
    let arn = fields.get("issuer").unwrap_or_default();
    // What is gone already is what was wanted.
    edit_issuers(of, &integration, &json!({ "TrustedTokenIssuerArn": arn }), |members| {
        let before = members.len();
        members.retain(|member| member["TrustedTokenIssuerArn"] != arn);
        before != members.len()
    })?;
    saved(&integration)
}

/// Changes the issuers whose tokens an application may bring, unless `change` says no. Without any, it has no such
/// grant.
fn edit_issuers(
    of: &Administrator<'_>,
    integration: &Integration,
    more: &Value,
    change: impl FnOnce(&mut Vec<Value>) -> bool,
) -> Result<bool, StoreError> {
    let mut details = more.clone();
    details["GrantType"] = json!(JWT_BEARER);
    let put = entry(of, integration, "PutApplicationGrant", &details);
    let delete = entry(of, integration, "DeleteApplicationGrant", &details);
    let (store, id) = (&of.instance.store, integration.id());
    store.edit_application_permission(id, Permission::Grant, JWT_BEARER, |known| {
        let known = known.as_ref().and_then(|grant| grant["JwtBearer"]["AuthorizedTokenIssuers"].as_array());
        let mut members = known.cloned().unwrap_or_default();
        change(&mut members).then(|| match members.is_empty() {
            true => (None, delete),
            false => (Some(json!({ "JwtBearer": { "AuthorizedTokenIssuers": members } })), put),
        })
    })
}

/// POST [`tokens::SCOPE`]: a `scope`, and the `targets` that may exchange its tokens.
pub fn set_scope(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let integration = Integration::named(of, fields)?;
    let scope = fields.get("scope").unwrap_or_default().trim();
    if !is_scope(scope) {
        let problem = "An access scope is one to three words of letters, digits and _ with colons between, such as \
                       reports:read.";
        return refused(of, &integration, fields, ("scope", problem.to_owned()));
    }
    let most = usize::try_from(MOST_SCOPES).unwrap_or(usize::MAX);
    if integration.scopes.len() >= most && !integration.scopes.iter().any(|(known, _)| known == scope) {
        let problem = format!("An application has at most {MOST_SCOPES} access scopes. Remove one first.");
        return refused(of, &integration, fields, ("scope", problem));
    }
    let named = lines(fields, "targets");
    if named.len() > MOST_MEMBERS {
        let problem = format!("There are {MOST_MEMBERS} applications at most.");
        return refused(of, &integration, fields, ("targets", problem));
    }
    let mut targets = Vec::new();
    for name in &named {
        if name == "*" {
            targets.push(of.instance.addresses.instance_arn());
        } else if let Some(found) = of.instance.store.application_by_name(name)? {
            targets.push(format!("{}{}", application_arn_prefix(of.instance), found.id));
        } else {
            let problem = format!("No application is called {name}. Type the whole name.");
            return refused(of, &integration, fields, ("targets", problem));
        }
    }
    let more = json!({ "Scope": scope, "AuthorizedTargets": targets });
    let entry = entry(of, &integration, "PutApplicationAccessScope", &more);
    // As the API has it where none is given.
    let value = if targets.is_empty() { Value::Null } else { json!(targets) };
    set(of, &integration, (Permission::Scope, scope), Some(&value), &entry)
}

/// POST [`tokens::NO_SCOPE`]: a `scope`.
pub fn remove_scope(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let integration = Integration::named(of, fields)?;
    let scope = fields.get("scope").unwrap_or_default();
    let entry = entry(of, &integration, "DeleteApplicationAccessScope", &json!({ "Scope": scope }));
    set(of, &integration, (Permission::Scope, scope), None, &entry)
}

/// POST [`tokens::PEOPLE`]: `people`, all or those whom it is assigned to.
pub fn set_people(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let integration = Integration::named(of, fields)?;
    let required = match fields.get("people") {
        Some(tokens::ASSIGNED) => true,
        Some(tokens::ALL) => false,
        _ => {
            let problem = "Choose one of these.".to_owned();
            return refused(of, &integration, fields, ("people", problem));
        }
    };
    let more = json!({ "AssignmentRequired": required });
    let entry = entry(of, &integration, "PutApplicationAssignmentConfiguration", &more);
    let edited = of.instance.store.edit_application::<()>(integration.id(), &entry, |record| {
        record.assignment_required = required;
        Ok(())
    });
    match edited? {
        Edited::Done(_) => saved(&integration),
        Edited::Missing | Edited::Taken | Edited::Refused(()) => Err(gone("application")),
    }
}
