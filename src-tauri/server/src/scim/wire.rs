//! How provisioning speaks: JSON of RFC 7644 §3, with errors as it has them. What AWS adds to
//! errors, the id of the request, stands in a header: strict readers refuse members that they do not know.

use std::convert::Infallible;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{
    admin::AdminError,
    instance::Instance,
    store::{Provision, StoreError},
};

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// `scimType` (RFC 7644 §3.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A filter that cannot be read or is not supported.
    InvalidFilter,
    /// A path that cannot be read, or of nothing.
    InvalidPath,
    /// A body that cannot be read.
    InvalidSyntax,
    /// A value that cannot be that.
    InvalidValue,
    /// Something that cannot be changed so.
    Mutability,
    /// A path that finds nothing.
    NoTarget,
    /// More than is done at once.
    TooMany,
    /// Somebody else has it.
    Uniqueness,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::InvalidPath => "invalidPath",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidValue => "invalidValue",
            Self::Mutability => "mutability",
            Self::NoTarget => "noTarget",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
        }
    }
}

/// An error.
#[derive(Debug)]
pub struct ScimError {
    status: StatusCode,
    kind: Option<Kind>,
    detail: String,
    allow: Option<String>,
}

impl ScimError {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, kind: None, detail: detail.into(), allow: None }
    }

    /// A request that cannot be carried out.
    pub fn bad(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind: Some(kind), ..Self::new(StatusCode::BAD_REQUEST, detail) }
    }

    /// A value that cannot be that.
    pub fn value(detail: impl Into<String>) -> Self {
        Self::bad(Kind::InvalidValue, detail)
    }

    /// No token, or none that opens anything here.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "The access token is missing, unknown, expired or revoked.")
    }

    /// There is nothing there.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("{what} not found."))
    }

    /// Something else has it.
    pub fn taken(what: &str) -> Self {
        let detail = format!("Duplicate {what}. Another resource has the same value.");
        Self { kind: Some(Kind::Uniqueness), ..Self::new(StatusCode::CONFLICT, detail) }
    }

    /// Whoever holds a token for provisioning could become an administrator by it.
    pub fn of_administrator(what: &str) -> Self {
        let detail = format!(
            "{what} of an administrator of this server cannot be provisioned. An administrator changes it at \
             /admin/users, or takes the role away first."
        );
        Self::bad(Kind::Mutability, detail)
    }

    /// Users and groups come from elsewhere.
    pub fn of_directory() -> Self {
        let detail = "Active Directory or LDAP is the identity source of this server: users and groups come from it \
                      alone. Provisioning works again once an administrator has changed the identity source at \
                      /admin/identity-source.";
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// There is another way to do it.
    pub fn method_not_allowed(allowed: &[&str]) -> Self {
        let allow = Some(allowed.join(", "));
        let detail = "The method is not supported here.";
        Self { allow, ..Self::new(StatusCode::METHOD_NOT_ALLOWED, detail) }
    }

    /// Too many requests in a second.
    pub fn throttled() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests; try again in a second.")
    }

    /// AWS does not have it either.
    pub fn not_implemented(detail: &str) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, detail)
    }

    /// `scimType`
    #[cfg(test)]
    pub fn kind(&self) -> Option<&'static str> {
        self.kind.map(Kind::word)
    }

    /// As events name it (IAM Identity Center SCIM guide).
    pub fn code(&self) -> &'static str {
        match self.status.as_u16() {
            401 => "UnauthorizedException",
            403 => "AccessDeniedException",
            404 => "ResourceNotFoundException",
            409 => "ConflictException",
            429 => "ThrottlingException",
            500 => "InternalServerException",
            _ => "ValidationException",
        }
    }

    /// What is wrong.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<StoreError> for ScimError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a provisioning operation failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
    }
}

/// What the identity store does not take.
impl From<AdminError> for ScimError {
    fn from(error: AdminError) -> Self {
        Self::value(error.message())
    }
}

impl From<Infallible> for ScimError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// What became of a change to a `User` or `Group`.
pub fn settled<E: Into<ScimError>>(made: Provision<E>, what: &str) -> Result<(), ScimError> {
    Err(match made {
        Provision::Done => return Ok(()),
        Provision::Missing => ScimError::not_found(what),
        Provision::Taken(what) => ScimError::taken(what),
        Provision::NoSuchMember => ScimError::not_found("A member"),
        Provision::OfAdministrator(what) => ScimError::of_administrator(what),
        Provision::NotTheirs => ScimError::of_directory(),
        Provision::Refused(error) => error.into(),
    })
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body, if it has one.
    pub body: Option<Value>,
}

impl Answer {
    /// 200 with a body.
    pub fn of(body: Value) -> Self {
        Self { status: StatusCode::OK, body: Some(body) }
    }

    /// 201 with what was made.
    pub fn created(body: Value) -> Self {
        Self { status: StatusCode::CREATED, body: Some(body) }
    }

    /// 204
    pub fn done() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None }
    }
}

/// Writes an answer or an error.
pub fn respond(instance: &Instance, outcome: Result<Answer, ScimError>) -> Response {
    let request_id = instance.chance.uuid();
    let content = [(header::CONTENT_TYPE, "application/scim+json")];
    let mut response = match outcome {
        Ok(Answer { status, body: Some(body) }) => {
            let location = body["meta"]["location"].as_str().filter(|_| status == StatusCode::CREATED);
            let location = location.and_then(|location| HeaderValue::from_str(location).ok());
            let mut response = (status, content, body.to_string()).into_response();
            if let Some(location) = location {
                response.headers_mut().insert(header::LOCATION, location);
            }
            response
        }
        Ok(Answer { status, body: None }) => status.into_response(),
        Err(error) => {
            let mut body = json!({
                "schemas": [ERROR],
                "detail": error.detail,
                "status": error.status.as_str(),
            });
            if let Some(kind) = error.kind {
                body["scimType"] = json!(kind.word());
            }
            let mut response = (error.status, content, body.to_string()).into_response();
            if error.status == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            if error.status == StatusCode::TOO_MANY_REQUESTS {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            if let Some(allow) = error.allow.and_then(|allow| HeaderValue::from_str(&allow).ok()) {
                response.headers_mut().insert(header::ALLOW, allow);
            }
            response
        }
    };
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}
