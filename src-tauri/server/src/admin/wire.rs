//! How the administration APIs speak: AWS JSON 1.1, errors as `{"__type", "message"}` with status 400
//! (botocore's `JSONParser`).

use std::error::Error;

use axum::{
    body::Bytes,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::Outcome;
use crate::{issuing::IssuingError, sigv4::Refusal, store::StoreError};

/// An error, as AWS names it.
#[derive(Debug)]
pub struct AdminError {
    status: StatusCode,
    kind: &'static str,
    message: String,
    /// Members besides the message, by name.
    more: Map<String, Value>,
    /// How the service's model spells the message; botocore reads both.
    spelt: &'static str,
}

impl AdminError {
    /// An error of an operation's model, with status 400.
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        let (status, message) = (StatusCode::BAD_REQUEST, message.into());
        Self { status, kind, message, more: Map::new(), spelt: "message" }
    }

    /// An error of the models of `identitystore` and `sso-admin`, whose member is `Message`.
    pub fn modelled(kind: &'static str, message: impl Into<String>) -> Self {
        Self { spelt: "Message", ..Self::new(kind, message) }
    }

    /// With another member.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// `ValidationException`
    pub fn validation(message: impl Into<String>) -> Self {
        Self::modelled("ValidationException", message)
    }

    /// A member that has the wrong type.
    pub fn wrong_type() -> Self {
        Self::new("SerializationException", "A member has the wrong type.")
    }

    /// `AccessDeniedException` and so on.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// No such operation here.
    pub fn unknown_operation() -> Self {
        Self::new("UnknownOperationException", "This server does not have the operation that was asked for.")
    }

    /// A known person's key that may not do this.
    pub fn access_denied(arn: &str, service: &str, operation: &str) -> Self {
        let message = format!("User: {arn} is not authorized to perform: {service}:{operation}");
        Self::new("AccessDeniedException", message)
    }

    /// A signature in the address, which these APIs do not take.
    pub fn in_query() -> Self {
        let words = "The signature must stand in the Authorization header.";
        Self::new("IncompleteSignatureException", words)
    }

    /// The key is unknown or disabled, or the session token is not its own.
    pub fn unrecognized_client() -> Self {
        Self::new("UnrecognizedClientException", "The security token included in the request is invalid.")
    }

    /// The key's time is over.
    pub fn expired_token() -> Self {
        Self::new("ExpiredTokenException", "The security token included in the request is expired")
    }

    /// The signature is not over this request, or not with this key.
    pub fn does_not_match() -> Self {
        Self::new(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.",
        )
    }

    fn failed(error: &dyn Error) -> Self {
        tracing::error!(error = %error, "an administration operation failed");
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            ..Self::new("InternalServerException", "Internal server error")
        }
    }
}

impl From<Refusal> for AdminError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Missing => {
                Self::new("MissingAuthenticationTokenException", "Missing Authentication Token")
            }
            Refusal::Incomplete(words) => Self::new("IncompleteSignatureException", words),
            Refusal::Refused(words) => Self::new("InvalidSignatureException", words),
        }
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        Self::failed(&error)
    }
}

impl From<IssuingError> for AdminError {
    fn from(error: IssuingError) -> Self {
        Self::failed(&error)
    }
}

/// The body: an object, and nothing at all is an empty one.
pub fn read(body: &Bytes) -> Result<Value, AdminError> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(body)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| AdminError::new("SerializationException", "The body is not a JSON object."))
}

/// Writes an answer or an error.
pub fn respond(outcome: Outcome, request_id: &str) -> Response {
    let (status, body, kind) = match outcome {
        Ok(answer) => (StatusCode::OK, answer, None),
        Err(error) => {
            let mut body = Value::Object(error.more);
            body["__type"] = json!(error.kind);
            body[error.spelt] = json!(error.message);
            (error.status, body, Some(error.kind))
        }
    };
    let content = [(header::CONTENT_TYPE, "application/x-amz-json-1.1")];
    let mut response = (status, content, body.to_string()).into_response();
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    if let Some(kind) = kind {
        response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(kind));
    }
    response
}
