//! Settles requests for access (sso-admin API: assignments and provisioning are asynchronous): right after one was
//! made here, and every second for those that another process made or that a crash left open.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    audit::{self, Event},
    aws::TRIES_OF_A_REQUEST,
    instance::{Instance, Shared},
    organisation::Settings,
    store::{AccessRequest, AuditEntry, NewRequest, RequestStatus, StoreError, Wanted},
};

const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Instance {
    /// Keeps a request; it is settled soon.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be kept.
    pub fn request_access(&self, wanted: Wanted, entry: &AuditEntry) -> Result<AccessRequest, StoreError> {
        let new = self.new_request(wanted, entry);
        self.store.add_access_requests(std::slice::from_ref(&new), self.now())?;
        self.access_requested.notify_one();
        Ok(new.into_request(self.now()))
    }

    /// Keeps many requests in one transaction; they are settled soon.
    ///
    /// # Errors
    /// [`StoreError`] if one of them cannot be kept; then none is.
    pub fn request_accesses(&self, wanted: Vec<(Wanted, AuditEntry)>) -> Result<(), StoreError> {
        let new: Vec<_> =
            wanted.into_iter().map(|(wanted, entry)| self.new_request(wanted, &entry)).collect();
        self.store.add_access_requests(&new, self.now())?;
        self.access_requested.notify_one();
        Ok(())
    }

    fn new_request(&self, wanted: Wanted, entry: &AuditEntry) -> NewRequest {
        let id = self.chance.uuid();
        NewRequest { entry: naming(entry, &id), id, wanted }
    }

    /// Settles what is open: how many requests there were.
    ///
    /// # Errors
    /// [`StoreError`] if a statement fails; what was settled before stays so.
    pub fn settle_access_requests(&self) -> Result<usize, StoreError> {
        let settings = self.settings();
        let record = |request: &AccessRequest, set: Option<&str>| self.settled(&settings, request, set);
        let settled = self.store.settle_access_requests(self.now(), self.aws.is_some(), &record)?;
        if let Some(aws) = self.aws.as_ref().filter(|_| settled > 0) {
            aws.roles_wanted.notify_one();
        }
        Ok(settled)
    }

    /// Ends requests whose roles at AWS are made or removed, or could not be.
    ///
    /// # Errors
    /// [`StoreError`] if a statement fails.
    pub fn finish_access_requests(&self) -> Result<usize, StoreError> {
        let settings = self.settings();
        let record = |request: &AccessRequest, set: Option<&str>| self.settled(&settings, request, set);
        self.store.finish_access_requests(TRIES_OF_A_REQUEST, &record)
    }

    /// The event of a request's end. Who asked for it is in the event of the request.
    fn settled(&self, settings: &Settings, request: &AccessRequest, set: Option<&str>) -> AuditEntry {
        let name = request.wanted.kind().operation();
        let (status, why) = match &request.status {
            RequestStatus::InProgress => ("IN_PROGRESS", None),
            RequestStatus::Succeeded => ("SUCCEEDED", None),
            RequestStatus::Failed(why) => ("FAILED", Some(why.as_str())),
        };
        let mut details = json!({
            name: status,
            "FailureReason": why,
            "RequestId": request.id,
            "PermissionSetArn": request.wanted.permission_set(),
            "role_name": set,
        });
        match &request.wanted {
            Wanted::Assign(assignment) | Wanted::Revoke(assignment) => {
                let principal = &assignment.principal;
                let who = if principal.kind() == "USER" { "user_id" } else { "group_id" };
                details["account_id"] = json!(assignment.account_id);
                details["PrincipalType"] = json!(principal.kind());
                details[who] = json!(principal.id());
            }
            Wanted::Provision { account_id, .. } => details["account_id"] = json!(account_id),
        }
        self.entry_under(settings, &Event { source: audit::SSO, name, details, ..Event::default() })
    }
}

/// The event of a request with the request's id, by which that of its end is found.
fn naming(entry: &AuditEntry, id: &str) -> AuditEntry {
    let Ok(mut event) = serde_json::from_str::<Value>(&entry.event) else { return entry.clone() };
    if !event["additionalEventData"].is_object() {
        event["additionalEventData"] = json!({});
    }
    event["additionalEventData"]["RequestId"] = json!(id);
    AuditEntry { event: event.to_string(), ..entry.clone() }
}

/// Settles requests until it is dropped.
pub async fn provision(instance: Shared) {
    loop {
        let settled =
            Shared::clone(&instance).run(|instance: &Instance| instance.settle_access_requests()).await;
        if let Err(error) = settled {
            tracing::error!(%error, "requests for access stay open for now");
        }
        // Whichever comes first.
        let _ = tokio::time::timeout(LOOK_AGAIN, instance.access_requested.notified()).await;
    }
}
