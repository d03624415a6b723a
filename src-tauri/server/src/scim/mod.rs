//! SCIM 2.0 (RFC 7643, RFC 7644) as AWS SSO offers it: an identity provider's directory keeps users and groups here
//! in line. At `/scim/v2/{identity store}/`, with access tokens that an administrator makes.
//!
//! To add an operation, write a file named as AWS names it and give it a line in [`OPERATIONS`]. What it changes, it
//! writes together with [`Call::entry`] in one transaction of the store; that it looked is recorded here.

mod attributes;
mod create_group;
mod create_user;
mod delete_group;
mod delete_user;
mod get_group;
mod get_schema;
mod get_user;
mod group;
mod list;
mod list_groups;
mod list_resource_types;
mod list_schemas;
mod list_users;
mod patch;
mod patch_group;
mod patch_user;
mod path;
mod projection;
mod put_user;
mod service_provider_config;
#[cfg(test)]
mod source_tests;
#[cfg(test)]
mod tests;
pub mod tokens;
mod user;
mod wire;

pub use group::rename as name_group;
pub use path::ENTERPRISE;
pub use user::{attributes as user_attributes, change as change_user};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, RawQuery, State},
    http::{HeaderMap, Method, header},
    response::Response,
    routing::any,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    audit::Event,
    fields::Fields,
    instance::{Instance, Shared},
    ldap,
    secret::Digest,
    store::{AuditEntry, ScimToken},
};
use wire::{Answer, Kind, ScimError};

/// `eventSource` of its events (IAM Identity Center User Guide, SCIM in CloudTrail).
const SOURCE: &str = "identitystore-scim.amazonaws.com";
/// A hundred members with their names, several times over.
pub const BODY_LIMIT: usize = 128 * 1024;
/// Where it answers.
pub const PREFIX: &str = "/scim/v2/";
/// What people are called and where they live is not written down, as in AWS's events.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

type Outcome = Result<Answer, ScimError>;

/// One line of the dispatch table.
struct Known {
    method: Method,
    /// The first part of the path, and whether an id follows.
    place: (&'static str, bool),
    /// As AWS names it.
    name: &'static str,
    run: fn(&Call<'_>) -> Outcome,
}

const fn of(
    method: Method,
    place: (&'static str, bool),
    name: &'static str,
    run: fn(&Call<'_>) -> Outcome,
) -> Known {
    Known { method, place, name, run }
}

/// Everything that is answered.
static OPERATIONS: [Known; 18] = [
    of(
        Method::GET,
        ("ServiceProviderConfig", false),
        "GetServiceProviderConfig",
        service_provider_config::get,
    ),
    of(Method::GET, ("ResourceTypes", false), "ListResourceTypes", list_resource_types::list_resource_types),
    of(Method::GET, ("ResourceTypes", true), "GetResourceType", list_resource_types::get_resource_type),
    of(Method::GET, ("Schemas", false), "ListSchemas", list_schemas::list_schemas),
    of(Method::GET, ("Schemas", true), "GetSchema", get_schema::get_schema),
    of(Method::POST, ("Users", false), "CreateUser", create_user::create_user),
    of(Method::GET, ("Users", false), "ListUsers", list_users::list_users),
    of(Method::GET, ("Users", true), "GetUser", get_user::get_user),
    of(Method::PUT, ("Users", true), "PutUser", put_user::put_user),
    of(Method::PATCH, ("Users", true), "PatchUser", patch_user::patch_user),
    of(Method::DELETE, ("Users", true), "DeleteUser", delete_user::delete_user),
    of(Method::POST, ("Groups", false), "CreateGroup", create_group::create_group),
    of(Method::GET, ("Groups", false), "ListGroups", list_groups::list_groups),
    of(Method::GET, ("Groups", true), "GetGroup", get_group::get_group),
    of(Method::PUT, ("Groups", true), "PutGroup", patch_group::put_group),
    of(Method::PATCH, ("Groups", true), "PatchGroup", patch_group::patch_group),
    of(Method::DELETE, ("Groups", true), "DeleteGroup", delete_group::delete_group),
    of(Method::GET, ("Me", false), "GetMe", get_user::get_me),
];

/// What an operation gets.
pub struct Call<'i> {
    /// The instance.
    pub instance: &'i Instance,
    token: ScimToken,
    known: &'static Known,
    id: String,
    query: Fields,
    body: Value,
}

impl Call<'_> {
    /// The operation's event, for the transaction of what it changes. `details` names the resources.
    fn entry(&self, details: Value) -> AuditEntry {
        self.instance.entry(&self.event(details))
    }

    fn event(&self, details: Value) -> Event<'_> {
        let mut request = json!({ "tenantId": self.instance.addresses.directory_id() });
        if !self.id.is_empty() {
            request["id"] = json!(path::short(&self.id));
        }
        if self.body.is_object() {
            request["httpBody"] = shown(&self.body);
        }
        Event {
            source: SOURCE,
            name: self.known.name,
            provisioner: Some(&self.token.id),
            request,
            details,
            ..Event::default()
        }
    }

    /// `meta` of a resource.
    fn meta(&self, kind: &str, place: &str, id: &str, created: Timestamp, updated: Timestamp) -> Value {
        let moment = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        json!({
            "resourceType": kind,
            "created": moment(created),
            "lastModified": moment(updated),
            "location": format!("{}/{place}/{id}", endpoint(self.instance)),
        })
    }
}

/// What of a body is written down: what it is about, and whether somebody is active.
fn shown(body: &Value) -> Value {
    match body {
        Value::Object(members) => {
            let bare = |name: &str| ["schemas", "op", "path", "id"].contains(&name);
            let written = members.iter().map(|(name, value)| {
                let open = bare(name) && !value.to_string().contains("eq ");
                (name.clone(), if open { value.clone() } else { shown(value) })
            });
            written.collect::<Map<_, _>>().into()
        }
        Value::Array(values) => values.iter().map(shown).collect(),
        Value::String(_) => json!(HIDDEN),
        other => other.clone(),
    }
}

/// The address that an administrator gives the identity provider.
pub fn endpoint(instance: &Instance) -> String {
    instance.addresses.url(&format!("{PREFIX}{}", instance.addresses.directory_id()))
}

/// The routes of provisioning.
pub fn routes() -> Router<Shared> {
    Router::new().route("/scim/v2/{tenant}/{*place}", any(receive)).layer(DefaultBodyLimit::max(BODY_LIMIT))
}

async fn receive(
    State(instance): State<Shared>,
    Path((tenant, place)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    instance
        .run(move |instance| {
            let query = Fields::parse(query.unwrap_or_default().as_bytes());
            let outcome = answer(instance, &tenant, &place, &method, &headers, query, &body);
            wire::respond(instance, outcome)
        })
        .await
}

fn answer(
    instance: &Instance,
    tenant: &str,
    place: &str,
    method: &Method,
    headers: &HeaderMap,
    query: Fields,
    body: &[u8],
) -> Outcome {
    let token = bearer(headers).ok_or_else(ScimError::unauthorized)?;
    let token = instance.store.use_scim_token(Digest::of(token), instance.now())?;
    let token = token.ok_or_else(ScimError::unauthorized)?;
    let (first, id) =
        place.trim_end_matches('/').split_once('/').unwrap_or((place.trim_end_matches('/'), ""));
    let at: Vec<&'static Known> =
        OPERATIONS.iter().filter(|known| known.place == (first, !id.is_empty())).collect();
    let known = at.iter().find(|known| known.method == *method).copied();
    // Strangers were told so before: they take nothing from the provider.
    let (name, writes) = known.map_or(("", false), |known| (known.name, known.method != Method::GET));
    if !instance.limits.admits_scim(name, writes, instance.now()) {
        return Err(ScimError::throttled());
    }
    if tenant != instance.addresses.directory_id() || !token.is_live(instance.now()) {
        let error = ScimError::unauthorized();
        if let Some(known) = known {
            let id = String::new();
            let call = Call { instance, token, known, id, query, body: Value::Null };
            refused(&call, &error)?;
        }
        return Err(error);
    }
    let Some(known) = known else {
        let allowed: Vec<&str> = at.iter().map(|known| known.method.as_str()).collect();
        return Err(if allowed.is_empty() {
            ScimError::not_found("Resource")
        } else {
            ScimError::method_not_allowed(&allowed)
        });
    };
    if ldap::is_source(instance)? {
        let call = Call { instance, token, known, id: String::new(), query, body: Value::Null };
        let error = ScimError::of_directory();
        refused(&call, &error)?;
        return Err(error);
    }
    let has_body = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
    let body = has_body.then(|| serde_json::from_slice(body)).transpose();
    // Ids are UUIDs, which are written in lower case here.
    let id = if first == "Schemas" || first == "ResourceTypes" { id.to_owned() } else { id.to_lowercase() };
    let mut call = Call { instance, token, known, id, query, body: Value::Null };
    let mut outcome = match body {
        Ok(body) => {
            call.body = body.unwrap_or_default();
            (known.run)(&call)
        }
        Err(_) => Err(ScimError::bad(Kind::InvalidSyntax, "The body is no JSON.")),
    };
    if let Ok(Answer { body: Some(body), .. }) = &mut outcome {
        projection::project(body, &call.query);
    }
    match &outcome {
        Ok(_) if *method == Method::GET => instance.record(&call.event(Value::Null))?,
        Ok(_) => {}
        Err(error) => refused(&call, error)?,
    }
    outcome
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then_some(token.trim())
}

fn refused(call: &Call<'_>, error: &ScimError) -> Result<(), ScimError> {
    let event = Event { error: Some((error.code(), error.detail())), ..call.event(Value::Null) };
    Ok(call.instance.record(&event)?)
}
