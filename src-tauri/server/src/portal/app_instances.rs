//! The application list of AWS's own portal (undocumented; WTFender/aws-sso-extender): GET
//! `/instance/appinstances` and
//! `/instance/appinstance/{id}/profiles`. An account is an instance of the application "AWS Account" whose
//! profiles are permission sets; any other application has one profile.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{Call, wire::PortalError};
use crate::organisation::{Account, Application};

/// `ListApplications`: accounts first, then applications.
pub fn list_applications(call: &Call<'_>) -> Result<Response, PortalError> {
    let organisation = &call.instance.organisation;
    let mut result = Vec::new();
    for account in organisation.accounts_of(call.caller.user) {
        result.push(json!({
            "id": account_instance(call, account),
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
    for application in organisation.applications_of(call.caller.user) {
        result.push(json!({
            "id": application_instance(call, application),
            "name": application.name,
            "description": application.description,
            "applicationId": application_id(call, &application.name),
            "applicationName": application.name,
            "icon": "",
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
    let organisation = &call.instance.organisation;
    let user = call.caller.user;
    let account =
        organisation.accounts_of(user).into_iter().find(|account| account_instance(call, account) == wanted);
    let result = if let Some(account) = account {
        organisation
            .permission_sets_of(user, &account.id)
            .into_iter()
            .map(|set| {
                let id = profile(call, wanted, &set.name);
                let target = format!("{}_{wanted}_{id}", organisation.management_account);
                json!({
                    "id": id,
                    "name": set.name,
                    "description": set.description,
                    "url": call.instance.addresses.url(&format!("/saml/assertion/{}", BASE64_STANDARD.encode(target))),
                    "protocol": "SAML",
                    "relayState": null,
                })
            })
            .collect::<Vec<Value>>()
    } else {
        let application = organisation
            .applications_of(user)
            .into_iter()
            .find(|application| application_instance(call, application) == wanted)
            .ok_or(PortalError::NotFound("No such application instance"))?;
        vec![json!({
            "id": profile(call, wanted, "Default"),
            "name": "Default",
            "description": application.description,
            "url": application.url,
            "protocol": "OAUTH",
            "relayState": null,
        })]
    };
    call.record("ListProfilesForApplication", json!({ "app_instance_id": wanted }))?;
    Ok(Json(json!({ "paginationToken": null, "result": result })).into_response())
}

fn account_instance(call: &Call<'_>, account: &Account) -> String {
    format!("ins-{}", call.instance.key.public_id("account instance", &[&account.id], 16))
}

fn application_instance(call: &Call<'_>, application: &Application) -> String {
    format!("ins-{}", call.instance.key.public_id("application instance", &[&application.name], 16))
}

fn application_id(call: &Call<'_>, name: &str) -> String {
    format!("app-{}", call.instance.key.public_id("application", &[name], 16))
}

fn profile(call: &Call<'_>, instance: &str, name: &str) -> String {
    format!("p-{}", call.instance.key.public_id("profile", &[instance, name], 16))
}
