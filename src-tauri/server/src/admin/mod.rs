//! What administrators do with programs: AWS JSON 1.1 at `/`, each operation named by `X-Amz-Target`, requests
//! signed with SigV4 by an administrator's key ([`keys`]).
//!
//! To add an operation, write a file named as AWS names it with a function of the type [`Operation`], and give
//! it a line in its service's table in [`TABLES`]. It gets a caller who was found to be an administrator, and the
//! body as JSON; it answers with JSON or an [`AdminError`]. What it changes, it writes together with
//! [`Call::entry`] in one transaction of the store; that it looked is recorded here. Refusals before it (no such
//! operation, no such key, wrong signature) are made here, and of those the ones of known keys are recorded.

#[cfg(test)]
mod authorization_tests;
mod body;
mod caller;
pub mod command;
mod identitystore;
pub mod keys;
mod lookup_events;
mod page;
mod sso_admin;
#[cfg(test)]
pub mod tests;
mod wire;

use axum::response::Response;
use serde_json::Value;

use crate::{
    audit::{Administrator, Event, is_read_only},
    instance::Instance,
    sigv4::SignedRequest,
    store::{AdministratorKey, AuditEntry},
};
use body::Body;
pub use identitystore::{
    attributes::{ENTERPRISE, check_reserved as check_reserved_name, set as set_attribute},
    create_user::blank as blank_user,
};
pub use sso_admin::{applications::application_arn_prefix, template};
pub use wire::AdminError;

/// An operation's answer or refusal.
pub type Outcome = Result<Value, AdminError>;
/// An operation.
pub type Operation = fn(&Call<'_>) -> Outcome;

/// One line of the dispatch table.
struct Known {
    /// What `X-Amz-Target` says before the dot.
    target: &'static str,
    /// The operation, as AWS names it.
    name: &'static str,
    /// What signatures are scoped to.
    service: &'static str,
    /// `eventSource` of its events.
    source: &'static str,
    /// What of the body may be written down.
    shown: fn(&Value) -> Value,
    run: Operation,
}

/// Everything that is answered, by service.
const TABLES: [&[Known]; 3] = [
    &[Known {
        target: lookup_events::TARGET,
        name: "LookupEvents",
        service: "cloudtrail",
        source: crate::audit::CLOUDTRAIL,
        shown: Value::clone,
        run: lookup_events::lookup_events,
    }],
    identitystore::OPERATIONS,
    sso_admin::OPERATIONS,
];

/// What an operation gets.
pub struct Call<'i> {
    /// The instance.
    pub instance: &'i Instance,
    /// The key that signed.
    pub key: AdministratorKey,
    /// The body: an object.
    pub request: Value,
    known: &'static Known,
}

impl Call<'_> {
    /// The operation's event, for the transaction of what it changes. `details` names the resources
    /// (`audit::Event`).
    pub fn entry(&self, details: Value) -> AuditEntry {
        self.instance.entry(&self.event(details))
    }

    fn event(&self, details: Value) -> Event<'_> {
        let administrator = Administrator { access_key_id: &self.key.access_key_id, name: &self.key.name };
        let mut request = (self.known.shown)(&self.request);
        if let Some(fields) = request.as_object_mut() {
            // It says nothing that is not in the answer it came with.
            fields.remove("NextToken");
        }
        Event {
            source: self.known.source,
            name: self.known.name,
            administrator: Some(administrator),
            request,
            details,
            ..Event::default()
        }
    }

    /// The body, member by member.
    pub fn body(&self) -> Body<'_> {
        Body(&self.request)
    }
}

/// Whether a request is for the administration APIs.
pub fn is_for_it(request: &SignedRequest) -> bool {
    request.headers.contains_key(TARGET_HEADER)
}

const TARGET_HEADER: &str = "x-amz-target";

/// Answers a request.
pub fn answer(instance: &Instance, request: &SignedRequest) -> Response {
    let request_id = instance.chance.uuid();
    wire::respond(dispatch(instance, request), &request_id)
}

fn dispatch(instance: &Instance, request: &SignedRequest) -> Outcome {
    let target = request.headers.get(TARGET_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let wanted = target.rsplit_once('.').and_then(|(target, name)| {
        TABLES.into_iter().flatten().find(|known| known.target == target && known.name == name)
    });
    let known = wanted.ok_or_else(AdminError::unknown_operation)?;
    let key = caller::authenticate(instance, request, known)?;
    let body = wire::read(&request.body)?;
    let call = Call { instance, key, request: body, known };
    // Before the operation itself, which says what is wrong with the request where that is more.
    if known.service == "identitystore" && !is_read_only(known.name) && crate::ldap::is_source(instance)? {
        call.check_source()?;
    }
    match (known.run)(&call) {
        Ok(answer) => {
            if is_read_only(known.name) {
                instance.record(&call.event(Value::Null))?;
            }
            Ok(answer)
        }
        Err(error) => {
            let mut event = call.event(Value::Null);
            event.error = Some((error.kind(), error.message()));
            if let Err(error) = instance.record(&event) {
                tracing::error!(%error, "a refusal could not be recorded");
            }
            Err(error)
        }
    }
}
