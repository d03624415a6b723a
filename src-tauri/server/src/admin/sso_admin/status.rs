//! Requests that take their time, as they are told of.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{not_found, seconds};
use crate::{
    admin::{
        Call, Outcome,
        body::{self, Body},
        wire::AdminError,
    },
    store::{AccessRequest, RequestKind, RequestStatus, Wanted},
};

const WORDS: [&str; 3] = ["IN_PROGRESS", "FAILED", "SUCCEEDED"];

fn word(status: &RequestStatus) -> &'static str {
    match status {
        RequestStatus::InProgress => "IN_PROGRESS",
        RequestStatus::Succeeded => "SUCCEEDED",
        RequestStatus::Failed(_) => "FAILED",
    }
}

/// `AccountAssignmentOperationStatus` or `PermissionSetProvisioningStatus`.
pub fn written(request: &AccessRequest) -> Value {
    let mut written = brief(request);
    match &request.wanted {
        Wanted::Assign(assignment) | Wanted::Revoke(assignment) => {
            written["TargetId"] = json!(assignment.account_id);
            written["TargetType"] = json!("AWS_ACCOUNT");
            written["PermissionSetArn"] = json!(assignment.permission_set);
            written["PrincipalType"] = json!(assignment.principal.kind());
            written["PrincipalId"] = json!(assignment.principal.id());
        }
        Wanted::Provision { permission_set, account_id } => {
            written["PermissionSetArn"] = json!(permission_set);
            if let Some(account_id) = account_id {
                written["AccountId"] = json!(account_id);
            }
        }
    }
    if let RequestStatus::Failed(reason) = &request.status {
        written["FailureReason"] = json!(reason);
    }
    written
}

fn brief(request: &AccessRequest) -> Value {
    json!({
        "Status": word(&request.status),
        "RequestId": request.id,
        "CreatedDate": seconds(request.created),
    })
}

/// The request of this kind whose id stands under `member`.
pub fn describe(call: &Call<'_>, kind: RequestKind, member: &str, answer: &str) -> Outcome {
    call.own_instance()?;
    let id = call.body().need(member)?;
    if !body::is_uuid(id) {
        return Err(body::pattern(
            member,
            "\\b[0-9a-f]{8}\\b-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-\\b[0-9a-f]{12}\\b",
        ));
    }
    let found = call.instance.store.access_request(id)?;
    let found = found.filter(|request| request.wanted.kind() == kind);
    let request = found.ok_or_else(|| not_found("Request", id))?;
    Ok(json!({ answer: written(&request) }))
}

/// A page of requests of a kind, oldest first; `Filter` may ask for one status.
pub fn list(call: &Call<'_>, kind: RequestKind, answer: &str) -> Outcome {
    call.own_instance()?;
    let (page, filter) = (call.page()?, call.body().object("Filter")?);
    let only = match filter.filter(|filter| filter.get("Status").is_some()) {
        Some(filter) => Some(filter.one_of("Status", &WORDS)?),
        None => None,
    };
    let found = page.filtered(
        |after, limit| Ok::<_, AdminError>(call.instance.store.access_requests(kind, place(after), limit)?),
        position,
        |request| only.is_none_or(|only| word(&request.status) == only),
    )?;
    Ok(page.answer(answer, found, position, brief))
}

fn position(request: &AccessRequest) -> String {
    format!("{}/{}", request.created.as_millisecond(), request.id)
}

fn place(position: &str) -> Option<(Timestamp, &str)> {
    let (moment, id) = position.split_once('/')?;
    Some((Timestamp::from_millisecond(moment.parse().ok()?).ok()?, id))
}

/// `ProvisioningStatus` of a request, if it asks for one.
pub fn wants_outdated(body: Body<'_>) -> Result<Option<bool>, AdminError> {
    const LATEST: &str = "LATEST_PERMISSION_SET_PROVISIONED";
    const NOT_LATEST: &str = "LATEST_PERMISSION_SET_NOT_PROVISIONED";
    if body.get("ProvisioningStatus").is_none() {
        return Ok(None);
    }
    Ok(Some(body.one_of("ProvisioningStatus", &[LATEST, NOT_LATEST])? == NOT_LATEST))
}
