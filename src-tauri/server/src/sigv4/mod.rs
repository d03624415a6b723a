//! AWS Signature Version 4, for every door that takes signed requests: [`Claim::read`] says which key a request
//! names, the door finds that key's secret, [`Claim::check_moment`] and [`Claim::is_signed_with`] tell the rest.
//! Each door has its own words and statuses for a [`Refusal`], as AWS's services have.

mod claim;
pub mod signature;

use axum::{
    body::Bytes,
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
