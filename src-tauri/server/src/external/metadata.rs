//! An identity provider's metadata (SAML Metadata 2.0 §2.4.3), read by the library: what it says of itself.

use saml_rs::{IdpDescriptor, MetadataTrustPolicy, SamlError, constants::CertUse, raw::Binding};

use crate::saml::certificate_text;

/// The certificates that can stand side by side, so that one can follow the other.
pub const MOST_CERTIFICATES: usize = 2;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its entity id.
    pub entity_id: String,
    /// Where its sign-in begins, by HTTP-Redirect.
    pub sign_in_url: String,
    /// What it signs with.
    pub certificates: Vec<String>,
}

/// Why metadata is not taken, as the end of a sentence that begins with it.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// Not metadata.
    #[error("is not SAML metadata of one identity provider: {0}")]
    Malformed(SamlError),
    /// Nowhere to begin.
    #[error("has no single sign-on service for HTTP-Redirect")]
    NoService,
    /// Nothing to check its answers with.
    #[error("has no signing certificate")]
    NoCertificate,
    /// More than two.
    #[error("has more than two signing certificates; enter the two that count yourself")]
    TooMany,
    /// One of them.
    #[error("has a certificate that {0}")]
    Certificate(&'static str),
}

/// Reads metadata.
///
/// # Errors
/// [`MetadataError`] says what it is instead.
pub fn read(text: &str) -> Result<Found, MetadataError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    // Signed or not: the administrator who gives it is who vouches for it.
    let descriptor = IdpDescriptor::from_metadata_xml(text, MetadataTrustPolicy::UnsignedForCompatibility)
        .map_err(MetadataError::Malformed)?;
    let metadata = descriptor.metadata();
    let sign_in_url =
        metadata.get_single_sign_on_service(Binding::Redirect).ok_or(MetadataError::NoService)?;
    let mut certificates = Vec::new();
    for text in metadata.x509_certificates(CertUse::Signing) {
        let certificate = certificate_text(&text).map_err(MetadataError::Certificate)?;
        if !certificates.contains(&certificate) {
            certificates.push(certificate);
        }
    }
    match certificates.len() {
        0 => Err(MetadataError::NoCertificate),
        n if n > MOST_CERTIFICATES => Err(MetadataError::TooMany),
        _ => Ok(Found { entity_id: descriptor.entity_id().as_str().to_owned(), sign_in_url, certificates }),
    }
}
