//! GetRoleCredentials (SSO Portal API 2019-06-10): GET `/federation/credentials`. It is what clients ask for most; so
//! it alone waits for the database without a thread of its own.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, Uri},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    Call, PortalError, bearer,
    grants::{Grant, Wanted},
};
use crate::{
    audit::{self, Event},
    fields::Fields,
    instance::{Instance, Shared},
    issuing::{Assigned, RoleCredentials},
    ldap,
    store::AuditEntry,
};

/// How often a call is looked up anew because something was altered meanwhile. Then it takes its turn with those who
/// alter it.
const TRIES: usize = 3;

/// Credentials for a role the caller is assigned to; `expiration` is in epoch milliseconds.
pub async fn get_role_credentials(State(instance): State<Shared>, request: Request) -> Response {
    if !instance.throttle.admits(instance.now()) {
        return PortalError::TooManyRequests.into_response();
    }
    let (parts, _) = request.into_parts();
    let issued = issue(instance, parts.headers, parts.uri).await;
    issued.map_or_else(IntoResponse::into_response, |issued| answer(&issued))
}

async fn issue(instance: Shared, headers: HeaderMap, uri: Uri) -> Result<RoleCredentials, PortalError> {
    let fields = Fields::parse(uri.query().unwrap_or_default().as_bytes());
    let text = |name: &str| fields.get(name).map(str::to_owned);
    let wanted = bearer::digest(&headers).zip(text("account_id")).zip(text("role_name"));
    let wanted: Option<Wanted> = wanted.map(|((token, account), role)| (token, account, role));
    let asked = Arc::new((headers, fields, uri.path().to_owned()));
    for _ in 0..TRIES {
        let now = instance.now();
        let known = wanted
            .as_ref()
            .and_then(|wanted| instance.grants.find(wanted, instance.store.known_revision(), now));
        let grant = match known {
            Some(grant) => grant,
            None => {
                let asked = Arc::clone(&asked);
                let found = Shared::clone(&instance).run(move |instance| look(instance, &asked)).await;
                let grant = Arc::new(found?);
                if let Some(wanted) = wanted.as_ref().filter(|_| !grant.once) {
                    instance.grants.remember(wanted.clone(), &grant);
                }
                grant
            }
        };
        let event = event(&instance, &grant);
        let Grant { caller, account, set, tags, seen, .. } = &*grant;
        let set = instance.lasting(set);
        let to = Assigned { user: &caller.user, account, set: &set, tags };
        let Some(begun) = instance.issuer.begin(to, event, now, *seen) else { break };
        if let Some(issued) = begun.outcome().await? {
            return Ok(issued);
        }
    }
    let alone = move |instance: &Instance| {
        let grant = look(instance, &asked)?;
        let event = event(instance, &grant);
        let set = instance.lasting(&grant.set);
        let Grant { caller, account, tags, .. } = &grant;
        let to = Assigned { user: &caller.user, account, set: &set, tags };
        Ok(instance.issuer.issue(to, &event, instance.now())?)
    };
    instance.run(alone).await
}

/// What the caller is entitled to, by the database.
fn look(
    instance: &Instance,
    (headers, fields, path): &(HeaderMap, Fields, String),
) -> Result<Grant, PortalError> {
    // First, so that what is read is not older than it says.
    let seen = instance.store.revision();
    let settings = instance.settings();
    let caller = bearer::authenticate(instance, headers)?;
    let call = Call { instance, caller, fields: fields.clone(), path: path.clone() };
    let account = call.need_account_id()?;
    let role = call.need("role_name")?;
    let assigned = instance.store.assigned(&call.caller.user.id, account, role)?;
    let (account, set) = assigned.ok_or_else(|| call.forbidden("GetRoleCredentials", account, role))?;
    call.need_open("GetRoleCredentials", &account, &set)?;
    let tags = instance.session_tags(&call.caller.user, Some(&call.caller.session.id))?;
    let once = ldap::is_source(instance)?;
    Ok(Grant { caller: call.caller, account, set, tags, settings, seen, once })
}

fn event(instance: &Instance, grant: &Grant) -> AuditEntry {
    let details = json!({ "account_id": grant.account.id, "role_name": grant.set.name });
    let event = Event {
        source: audit::SSO,
        name: "GetRoleCredentials",
        user: Some(&grant.caller.user),
        session: Some(&grant.caller.session),
        details,
        ..Event::default()
    };
    instance.entry_under(&grant.settings, &event)
}

fn answer(issued: &RoleCredentials) -> Response {
    let body = json!({
        "roleCredentials": {
            "accessKeyId": issued.access_key_id,
            "secretAccessKey": issued.secret_access_key.expose(),
            "sessionToken": issued.session_token.expose(),
            "expiration": issued.ends.as_millisecond(),
        }
    });
    Json(body).into_response()
}
