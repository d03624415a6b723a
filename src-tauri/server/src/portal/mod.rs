//! The access portal's API (service `sso`, SSO Portal API 2019-06-10) and the calls of AWS's own web portal
//! (undocumented). A bearer token in a header, answers in camelCase JSON, all behind the portal's rate limit.

mod app_instances;
mod bearer;
mod federation_console;
mod get_role_credentials;
mod grants;
mod list_account_roles;
mod list_accounts;
mod logout;
mod pagination;
#[cfg(test)]
mod tests;
mod user;
mod who_am_i;
mod wire;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Uri},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};

use crate::{
    audit::{self, Event},
    fields::Fields,
    instance::{Instance, Shared},
    native::step_up,
    organisation::{Account, PermissionSet},
    store::AuditEntry,
};
pub use bearer::has_token;
pub use bearer::{Caller, authenticate};
pub use grants::Grants;
pub use wire::PortalError;

/// What every portal operation gets.
pub struct Call<'i> {
    /// The instance.
    pub instance: &'i Instance,
    /// Who calls.
    pub caller: Caller,
    /// The query.
    pub fields: Fields,
    /// The path as it was sent.
    pub path: String,
}

/// A portal operation.
pub type Operation = fn(&Call<'_>) -> Result<Response, PortalError>;

/// The routes of the portal.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/assignment/accounts", read(list_accounts::list_accounts))
        .route("/assignment/roles", read(list_account_roles::list_account_roles))
        .route("/federation/credentials", get(get_role_credentials::get_role_credentials))
        // The web portal's form of the same call (undocumented).
        .route("/federation/credentials/", get(get_role_credentials::get_role_credentials))
        .route("/federation/console", read(federation_console::federation_console))
        .route("/logout", change(logout::logout))
        .route("/token/whoAmI", read(who_am_i::who_am_i))
        .route("/user", read(user::user))
        .route("/instance/appinstances", read(app_instances::list_applications))
        .route("/instance/appinstance/{id}/profiles", read(app_instances::list_profiles))
        .method_not_allowed_fallback(async || PortalError::MethodNotAllowed.into_response())
}

fn read(operation: Operation) -> MethodRouter<Shared> {
    get(move |State(instance): State<Shared>, headers: HeaderMap, uri: Uri| {
        answer(instance, headers, uri, operation)
    })
}

fn change(operation: Operation) -> MethodRouter<Shared> {
    post(move |State(instance): State<Shared>, headers: HeaderMap, uri: Uri| {
        answer(instance, headers, uri, operation)
    })
}

/// Answers a call: rate limit, token, operation.
pub async fn answer(instance: Shared, headers: HeaderMap, uri: Uri, operation: Operation) -> Response {
    instance
        .run(move |instance| {
            let outcome = (|| {
                if !instance.throttle.admits(instance.now()) {
                    return Err(PortalError::TooManyRequests);
                }
                let caller = bearer::authenticate(instance, &headers)?;
                let fields = Fields::parse(uri.query().unwrap_or_default().as_bytes());
                operation(&Call { instance, caller, fields, path: uri.path().to_owned() })
            })();
            outcome.unwrap_or_else(IntoResponse::into_response)
        })
        .await
}

impl Call<'_> {
    /// A parameter that must be there.
    fn need(&self, name: &str) -> Result<&str, PortalError> {
        self.fields.get(name).ok_or_else(|| PortalError::InvalidRequest(format!("{name} is required")))
    }

    /// An account id that must be there and have 12 digits.
    fn need_account_id(&self) -> Result<&str, PortalError> {
        let id = self.need("account_id")?;
        if id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()) {
            Ok(id)
        } else {
            Err(PortalError::InvalidRequest("account_id must be 12 digits".to_owned()))
        }
    }

    /// Writes the operation to the audit trail.
    pub fn record(&self, name: &str, details: serde_json::Value) -> Result<(), PortalError> {
        self.instance.store.append_audit(&[self.event(name, details)])?;
        Ok(())
    }

    /// Writes to the audit trail that something was refused which is not the caller's.
    pub fn record_refusal(&self, name: &str, details: serde_json::Value) -> Result<(), PortalError> {
        self.instance.record(&Event {
            source: audit::SSO,
            name,
            user: Some(&self.caller.user),
            session: Some(&self.caller.session),
            details,
            error: Some(("ForbiddenException", "No access")),
            ..Event::default()
        })?;
        Ok(())
    }

    /// Writes to the audit trail that a role was refused, and gives the refusal.
    fn forbidden(&self, name: &str, account: &str, role: &str) -> PortalError {
        let details = serde_json::json!({ "account_id": account, "role_name": role });
        self.record_refusal(name, details).err().unwrap_or(PortalError::Forbidden)
    }

    /// Refuses a role that asks for a key which was not touched for this token, and writes that to the trail.
    fn need_open(&self, name: &str, account: &Account, set: &PermissionSet) -> Result<(), PortalError> {
        if step_up::of_token(&self.caller, account, set).is_open(self.instance)? {
            return Ok(());
        }
        self.instance.record(&Event {
            source: audit::SSO,
            name,
            user: Some(&self.caller.user),
            session: Some(&self.caller.session),
            details: serde_json::json!({ "account_id": account.id, "role_name": set.name }),
            error: Some(("ForbiddenException", "A touch of a security key is required")),
            ..Event::default()
        })?;
        Err(PortalError::StepUpNeeded(self.instance.addresses.start_url()))
    }

    /// The operation as it stands in the audit trail.
    fn event(&self, name: &str, details: serde_json::Value) -> AuditEntry {
        self.instance.entry(&Event {
            source: audit::SSO,
            name,
            user: Some(&self.caller.user),
            session: Some(&self.caller.session),
            details,
            ..Event::default()
        })
    }
}
