//! Why a SAML message is not accepted, in words for the person it happened to. Values of the message are left
//! out: they belong to whoever sent it.

use axum::http::StatusCode;
use saml_rs::SamlError;

use crate::{signin::PageError, store::StoreError};

/// Why.
#[derive(Debug)]
pub enum Refusal {
    /// The library says no.
    Saml(SamlError),
    /// It asks for what is not done here.
    Invalid(&'static str),
    /// The server failed.
    Store(StoreError),
}

impl Refusal {
    /// One sentence.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Saml(error) => reason(error),
            Self::Invalid(reason) => reason,
            Self::Store(_) => "The server could not look it up.",
        }
    }

    /// The page that says so.
    pub fn page(self, title: &str, next: &str) -> PageError {
        match self {
            Self::Store(error) => error.into(),
            refusal => {
                let reason = refusal.reason();
                tracing::info!(reason, "a SAML message is refused");
                PageError::new(StatusCode::FORBIDDEN, title, &format!("{reason} {next}"))
            }
        }
    }
}

fn reason(error: &SamlError) -> &'static str {
    match error {
        SamlError::IssuerMismatch { .. } => "It comes from somebody else than it should.",
        SamlError::DestinationMismatch { .. } => "It is addressed to somebody else.",
        SamlError::InResponseToMismatch { .. } | SamlError::RelayStateMismatch { .. } => {
            "It answers a request that this browser did not make."
        }
        SamlError::AudienceMismatch { .. } => "It is meant for another audience.",
        SamlError::StatusNotSuccess { .. } => "It says that signing in did not succeed.",
        SamlError::TimeWindowInvalid { .. } => "It has expired, or a clock is wrong.",
        SamlError::SubjectConfirmationInvalid { reason } => match reason {
            saml_rs::error::SubjectConfirmationReason::TimeWindowInvalid => {
                "It has expired, or a clock is wrong."
            }
            saml_rs::error::SubjectConfirmationReason::InResponseToMismatch => {
                "It answers a request that this browser did not make."
            }
            _ => "It is addressed to somebody else.",
        },
        SamlError::ReplayDetected { .. } => "It was used before.",
        SamlError::Deflate(_) | SamlError::Base64(_) | SamlError::Xml(_) | SamlError::ProtocolProfile(_) => {
            "It is malformed."
        }
        SamlError::Invalid(_) | SamlError::MissingBindingParameter { .. } => {
            "It is incomplete or contradicts itself."
        }
        _ => "Its signature is missing or does not match.",
    }
}
