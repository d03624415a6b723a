//! What administrators do with programs: AWS JSON 1.1 at `/`, each operation named by `X-Amz-Target`, requests
//! signed with SigV4 by an administrator's key ([`keys`]).
//!
//! To add an operation, write a file named as AWS names it with a function of the type [`Operation`], and give
//! it a line in [`OPERATIONS`] with its target and the service its signatures are scoped to. It gets a caller
//! who was found to be an administrator, and the body as JSON; it answers with JSON or an [`AdminError`]. What
//! it changes, it writes together with [`Call::entry`] in one transaction of the store; what it only looks at,
//! it notes with [`Call::record`]. Refusals before it (no such operation, no such key, wrong signature) are
//! made here, and of those the ones of known keys are recorded.

mod caller;
pub mod command;
pub mod keys;
mod lookup_events;
#[cfg(test)]
pub mod tests;
mod wire;

use axum::response::Response;
use serde_json::Value;

use crate::{
    audit::{Administrator, Event},
    instance::Instance,
    sigv4::SignedRequest,
    store::{AdministratorKey, AuditEntry},
};
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
    run: Operation,
}

/// Everything that is answered. A service with operations of its own adds lines here and nothing else.
const OPERATIONS: &[Known] = &[Known {
    target: lookup_events::TARGET,
    name: "LookupEvents",
    service: "cloudtrail",
    source: crate::audit::CLOUDTRAIL,
    run: lookup_events::lookup_events,
}];

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
    /// The operation's event, for the transaction of what it changes. `request` is what of the body may be
    /// written down, `details` names the resources (`audit::Event`).
    #[expect(dead_code, reason = "for the first operation that changes something")]
    pub fn entry(&self, request: Value, details: Value) -> AuditEntry {
        self.instance.entry(&self.event(request, details))
    }

    /// Notes an operation that only looked.
    ///
    /// # Errors
    /// [`AdminError`] if it cannot be noted; then it must not happen.
    pub fn record(&self, request: Value, details: Value) -> Result<(), AdminError> {
        Ok(self.instance.record(&self.event(request, details))?)
    }

    fn event(&self, request: Value, details: Value) -> Event<'_> {
        let administrator = Administrator { access_key_id: &self.key.access_key_id, name: &self.key.name };
        Event {
            source: self.known.source,
            name: self.known.name,
            administrator: Some(administrator),
            request,
            details,
            ..Event::default()
        }
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
        OPERATIONS.iter().find(|known| known.target == target && known.name == name)
    });
    let known = wanted.ok_or_else(AdminError::unknown_operation)?;
    let key = caller::authenticate(instance, request, known)?;
    let body = wire::read(&request.body)?;
    let call = Call { instance, key, request: body, known };
    (known.run)(&call).inspect_err(|error| {
        let mut event = call.event(Value::Null, Value::Null);
        event.error = Some((error.kind(), error.message()));
        if let Err(error) = instance.record(&event) {
            tracing::error!(%error, "a refusal could not be recorded");
        }
    })
}
