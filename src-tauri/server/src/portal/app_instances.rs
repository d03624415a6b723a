//! The application list of AWS's own portal (undocumented; WTFender/aws-sso-extender): GET
//! `/instance/appinstances` and
//! `/instance/appinstance/{id}/profiles`. An account is an instance of the application "AWS Account" whose
//! profiles are permission sets; any other application has one profile.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Call, wire::PortalError};
use crate::{
    catalogue::Icon,
    organisation::{Account, Application},
    saml::{self, Target, profile_of},
};

/// `ListApplications`: accounts first, then applications.
pub fn list_applications(call: &Call<'_>) -> Result<Response, PortalError> {
    let (store, user_id) = (&call.instance.store, &call.caller.user.id);
    let mut result = Vec::new();
    for account in store.accounts_of(user_id)? {
        result.push(json!({
            "id": account_instance(call, &account),
            "name": format!("{} ({})", account.id, account.name),
            "description": "AWS administrative console",
            "applicationId": application_id(call, "AWS Account"),
            "applicationName": "AWS Account",
            "icon": "",
            "searchMetadata": {
                "AccountId": account.id,
                "AccountName": account.name,
                "AccountEmail": account.email,
            },
        }));
    }
    for application in store.applications_of(user_id)? {
        result.push(json!({
            "id": application.instance_id,
            "name": application.name,
            "description": application.description,
            "applicationId": application_id(call, &application.name),
            "applicationName": application.name,
            "icon": call.instance.addresses.url(&Icon::path_of(&application)),
        }));
    }
    call.record("ListApplications", Value::Null)?;
    Ok(Json(json!({ "paginationToken": null, "result": result })).into_response())
}

/// `ListProfilesForApplication`.
pub fn list_profiles(call: &Call<'_>) -> Result<Response, PortalError> {
    let wanted = call
        .path
        .strip_prefix("/instance/appinstance/")
        .and_then(|rest| rest.strip_suffix("/profiles"))
        .unwrap_or_default();
    let (store, user_id) = (&call.instance.store, &call.caller.user.id);
    let account =
        store.accounts_of(user_id)?.into_iter().find(|account| account_instance(call, account) == wanted);
    let result = if let Some(account) = account {
        store
            .permission_sets_of(user_id, &account.id)?
            .into_iter()
            .map(|set| {
                let id = profile_of(call.instance, wanted, &set.name);
                json!({
                    "id": id,
                    "name": set.name,
                    "description": set.description,
                    "url": profile_url(call, wanted, &id),
                    "protocol": "SAML",
                    "relayState": null,
                })
            })
            .collect::<Vec<Value>>()
    } else {
        let application = store
            .applications_of(user_id)?
            .into_iter()
            .find(|application| application.instance_id == wanted)
            .ok_or(PortalError::NotFound("No such application instance"))?;
        vec![application_profile(call, wanted, &application)]
    };
    call.record("ListProfilesForApplication", json!({ "app_instance_id": wanted }))?;
    Ok(Json(json!({ "paginationToken": null, "result": result })).into_response())
}

fn account_instance(call: &Call<'_>, account: &Account) -> String {
    format!("ins-{}", call.instance.key.public_id("account instance", &[&account.id], 16))
}

fn application_id(call: &Call<'_>, name: &str) -> String {
    format!("app-{}", call.instance.key.public_id("application", &[name], 16))
}

/// A mere link has the protocol `OAUTH`, which is what AWS calls its customer-managed applications.
fn application_profile(call: &Call<'_>, instance: &str, application: &Application) -> Value {
    let id = profile_of(call.instance, instance, "Default");
    let (protocol, url, relay_state) = match Target::of(application) {
        Some(target) => ("SAML", Some(profile_url(call, instance, &id)), target.saml.relay_state.as_ref()),
        None => ("OAUTH", application.url.clone(), None),
    };
    json!({
        "id": id,
        "name": "Default",
        "description": application.description,
        "url": url,
        "protocol": protocol,
        "relayState": relay_state,
    })
}

fn profile_url(call: &Call<'_>, instance: &str, profile: &str) -> String {
    call.instance.addresses.url(&saml::profile_path(call.instance, instance, profile))
}
