//! How STS speaks: the query protocol's XML, version 2011-06-15.

use std::error::Error;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use quick_xml::escape::escape;

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

    /// No such operation here.
    pub fn invalid_action(action: &str, version: &str) -> Self {
        let (action, version): (String, String) = (shorten(action), shorten(version));
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "InvalidAction",
            message: format!("Could not find operation {action} for version {version}"),
        }
    }

    /// No signature at all.
    pub fn missing_authentication() -> Self {
        Self::forbidden("MissingAuthenticationToken", "Request is missing Authentication Token")
    }

    /// The signature cannot be read.
    pub fn incomplete_signature(what: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "IncompleteSignature", message: what.to_owned() }
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

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
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

impl IntoResponse for StsError {
    fn into_response(self) -> Response {
        let kind = if self.status.is_server_error() { "Receiver" } else { "Sender" };
        let body = format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\">\n  <Error>\n    <Type>{kind}</Type>\n    <Code>{}</Code>\n    \
             <Message>{}</Message>\n  </Error>\n</ErrorResponse>\n",
            self.code,
            escape(&self.message)
        );
        (self.status, [(header::CONTENT_TYPE, "text/xml")], body).into_response()
    }
}

/// The answer of GetCallerIdentity.
pub fn caller_identity(arn: &str, user_id: &str, account: &str) -> Response {
    let body = format!(
        "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\">\n  <GetCallerIdentityResult>\n    <Arn>{}</Arn>\n    \
         <UserId>{}</UserId>\n    <Account>{}</Account>\n  </GetCallerIdentityResult>\n  <ResponseMetadata/>\n\
         </GetCallerIdentityResponse>\n",
        escape(arn),
        escape(user_id),
        escape(account)
    );
    ([(header::CONTENT_TYPE, "text/xml")], body).into_response()
}
