//! AWS Signature Version 4, for every door that takes signed requests: [`Claim::read`] says which key a request
//! names, the door finds that key's secret, [`Claim::check_moment`] and [`Claim::is_signed_with`] tell the rest.
//! Each door has its own words and statuses for a [`Refusal`], as AWS's services have.

mod claim;
pub mod signature;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderMap, Method, Uri},
};

pub use claim::Claim;

/// A request as it was signed.
#[derive(Debug)]
pub struct SignedRequest {
    /// The verb.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, whose hash is part of what is signed.
    pub body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for SignedRequest {
    type Rejection = BytesRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, BytesRejection> {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, state).await?;
        Ok(Self { method, uri, headers, body })
    }
}

/// Why a signature is not looked at any further.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is none.
    Missing,
    /// It cannot be read, and why.
    Incomplete(String),
    /// Its scope or moment is not acceptable, and why.
    Refused(String),
}

impl Refusal {
    fn incomplete(words: &str) -> Self {
        Self::Incomplete(words.to_owned())
    }
}
