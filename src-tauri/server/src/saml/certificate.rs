//! X.509 as SAML uses it: a wrapping of a key that both sides agreed on. No chain is followed.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

/// rsaEncryption (RFC 8017, appendix A.1).
const RSA: &str = "1.2.840.113549.1.1.1";

/// What a certificate says, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its bytes.
    pub der: Vec<u8>,
    /// From when it is good.
    pub not_before: Timestamp,
    /// To when.
    pub not_after: Timestamp,
    /// Whether its key is an RSA key.
    pub is_rsa: bool,
}

impl Certificate {
    /// Reads a certificate in PEM or bare base64; `None` if it is something else.
    pub fn read(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        let encoded: String = lines.flat_map(|line| line.chars().filter(|c| !c.is_whitespace())).collect();
        let der = BASE64_STANDARD.decode(encoded).ok()?;
        let (rest, parsed) = X509Certificate::from_der(&der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let validity = parsed.validity();
        let not_before = Timestamp::from_second(validity.not_before.timestamp()).ok()?;
        let not_after = Timestamp::from_second(validity.not_after.timestamp()).ok()?;
        let is_rsa = parsed.public_key().algorithm.algorithm.to_id_string() == RSA;
        Some(Self { not_before, not_after, is_rsa, der })
    }

    /// In base64, without lines.
    pub fn base64(&self) -> String {
        BASE64_STANDARD.encode(&self.der)
    }

    /// SHA-256 as people compare it: `AB:CD:…`.
    pub fn fingerprint(&self) -> String {
        let bytes: Vec<String> = Sha256::digest(&self.der).iter().map(|byte| format!("{byte:02X}")).collect();
        bytes.join(":")
    }
}

/// A certificate in base64 as a PEM block.
pub fn pem(base64: &str) -> String {
    // RFC 7468 §2: lines of 64 characters.
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----", lines.join("\n"))
}

/// A certificate in base64 without lines.
///
/// # Errors
/// What it must be, as the end of a sentence.
pub fn certificate_text(text: &str) -> Result<String, &'static str> {
    let certificate = Certificate::read(text);
    certificate.map(|certificate| certificate.base64()).ok_or("must be an X.509 certificate in PEM")
}

/// As [`certificate_text`], of a key that assertions can be encrypted for.
///
/// # Errors
/// What it must be, as the end of a sentence.
pub fn encryption_certificate_text(text: &str) -> Result<String, &'static str> {
    let certificate = Certificate::read(text).ok_or("must be an X.509 certificate in PEM")?;
    if certificate.is_rsa { Ok(certificate.base64()) } else { Err("must be a certificate of an RSA key") }
}
