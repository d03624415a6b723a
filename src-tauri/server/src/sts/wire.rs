//! How STS speaks: the query protocol's XML, version 2011-06-15.

use std::error::Error;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use quick_xml::escape::escape;

use super::assume_role::AssumedRole;
use crate::{issuing::IssuingError, store::StoreError};

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// An error of STS.
#[derive(Debug)]
pub struct StsError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl StsError {
    fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, code, message: message.into() }
    }

    /// A parameter breaks the operation's rules.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::bad_request("ValidationError", message)
    }

    /// Parameters that cannot stand together.
    pub fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::bad_request("InvalidParameterValue", message)
    }

    /// The caller may not do this.
    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::forbidden("AccessDenied", message)
    }

    fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    /// No such operation here.
    pub fn invalid_action(action: &str, version: &str) -> Self {
        let (action, version): (String, String) = (shorten(action), shorten(version));
        Self::bad_request("InvalidAction", format!("Could not find operation {action} for version {version}"))
    }

    /// No signature at all.
    pub fn missing_authentication() -> Self {
        Self::forbidden("MissingAuthenticationToken", "Request is missing Authentication Token")
    }

    /// The signature cannot be read.
    pub fn incomplete_signature(what: &str) -> Self {
        Self::bad_request("IncompleteSignature", what)
    }

    /// The key is unknown, or the session token is not its own.
    pub fn invalid_client_token() -> Self {
        Self::forbidden("InvalidClientTokenId", "The security token included in the request is invalid.")
    }

    /// The key's time is over.
    pub fn expired_token() -> Self {
        Self::forbidden("ExpiredToken", "The security token included in the request is expired")
    }

    /// The signature is not over this request, or not with this key.
    pub fn does_not_match() -> Self {
        Self::forbidden(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.",
        )
    }

    /// The signature's moment or scope is not acceptable.
    pub fn signature_refused(message: String) -> Self {
        Self::forbidden("SignatureDoesNotMatch", message)
    }
}

/// What a stranger sent, fit to be shown in XML 1.0, which has no control characters and no U+FFFE and U+FFFF
/// even in escapes.
pub fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}')).take(64).collect()
}

impl From<StoreError> for StsError {
    fn from(error: StoreError) -> Self {
        Self::failed(&error)
    }
}

impl From<IssuingError> for StsError {
    fn from(error: IssuingError) -> Self {
        Self::failed(&error)
    }
}

impl StsError {
    /// The server's own failure: told to the log, not to the client.
    fn failed(error: &dyn Error) -> Self {
        tracing::error!(error = %error, "an STS operation failed");
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "InternalFailure",
            message: "Internal server error".to_owned(),
        }
    }
}

/// Who signed a request.
#[derive(Debug)]
pub struct Identity {
    /// The assumed-role ARN.
    pub arn: String,
    /// The role's id and the session's name.
    pub user_id: String,
    /// 12 digits.
    pub account: String,
}

/// What an operation answers.
#[derive(Debug)]
pub enum Answer {
    /// To GetCallerIdentity.
    Identity(Identity),
    /// To AssumeRole.
    Assumed(Box<AssumedRole>),
}

/// Writes an answer or an error.
pub fn respond(outcome: Result<Answer, StsError>, request_id: &str) -> Response {
    let (status, body) = match outcome {
        Ok(Answer::Identity(identity)) => (StatusCode::OK, identity.xml(request_id)),
        Ok(Answer::Assumed(role)) => (StatusCode::OK, role.xml(NAMESPACE, request_id)),
        Err(error) => (error.status, error.xml(request_id)),
    };
    let mut response = (status, [(header::CONTENT_TYPE, "text/xml")], body).into_response();
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

impl StsError {
    fn xml(&self, request_id: &str) -> String {
        let kind = if self.status.is_server_error() { "Receiver" } else { "Sender" };
        format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\">\n  <Error>\n    <Type>{kind}</Type>\n    <Code>{}</Code>\n    \
             <Message>{}</Message>\n  </Error>\n  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n",
            self.code,
            escape(&self.message)
        )
    }
}

impl Identity {
    fn xml(&self, request_id: &str) -> String {
        format!(
            "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\">\n  <GetCallerIdentityResult>\n    <Arn>{}</Arn>\n    \
             <UserId>{}</UserId>\n    <Account>{}</Account>\n  </GetCallerIdentityResult>\n  <ResponseMetadata>\n    \
             <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n</GetCallerIdentityResponse>\n",
            escape(&self.arn),
            escape(&self.user_id),
            escape(&self.account)
        )
    }
}
