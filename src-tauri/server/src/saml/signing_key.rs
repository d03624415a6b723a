//! The X.509 key that assertions are signed with: RSA, which every service provider can check, with a
//! certificate that says nothing but which instance it belongs to. Service providers pin it; nobody follows a
//! chain.

use std::fmt;

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize,
    SerialNumber,
};

use crate::{chance::Chance, secret::Token};

/// As AWS's (IAM Identity Center User Guide, SAML 2.0 certificates: five years), and five more: to change it,
/// every application has to be told.
const YEARS: i64 = 10;
const KEY_END: &str = "-----END PRIVATE KEY-----";

/// A private key and its certificate.
#[derive(Clone)]
pub struct SigningKey {
    key: Token,
    certificate: String,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}

impl SigningKey {
    /// Makes one.
    ///
    /// # Errors
    /// [`rcgen::Error`] if the library cannot.
    pub fn make(chance: &Chance, now: Timestamp) -> Result<Self, rcgen::Error> {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, "Latchkey server");
        let mut params = CertificateParams::default();
        params.distinguished_name = name;
        params.serial_number = Some(SerialNumber::from_slice(&chance.key()[..16]));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // Clocks of service providers may be behind.
        let today = now.to_zoned_datetime(TimeZone::UTC).date();
        let day = |date: jiff::civil::Date| {
            let part = |value: i8| u8::try_from(value).unwrap_or(1);
            rcgen::date_time_ymd(i32::from(date.year()), part(date.month()), part(date.day()))
        };
        params.not_before = day(today.saturating_sub(1.day()));
        params.not_after = day(today.saturating_add(YEARS.years()));
        let certificate = params.self_signed(&pair)?;
        Ok(Self { key: Token::new(pair.serialize_pem()), certificate: certificate.pem() })
    }

    /// Reads what [`SigningKey::to_pem`] wrote; `None` if it is something else.
    pub fn from_pem(text: &str) -> Option<Self> {
        let (key, certificate) = text.split_at(text.find(KEY_END)? + KEY_END.len());
        KeyPair::from_pem(key).ok()?;
        let certificate = certificate.trim();
        let whole = certificate.starts_with("-----BEGIN CERTIFICATE-----")
            && certificate.ends_with("-----END CERTIFICATE-----");
        whole.then(|| Self { key: Token::new(key.to_owned()), certificate: certificate.to_owned() })
    }

    /// Both in PEM, for the instance's private file.
    pub fn to_pem(&self) -> Token {
        Token::new(format!("{}\n{}\n", self.key.expose().trim(), self.certificate.trim()))
    }

    /// The private key in PEM.
    pub fn key(&self) -> &Token {
        &self.key
    }

    /// The certificate in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_whole_and_shown_to_nobody() {
        let now = Timestamp::from_second(1_800_000_000).expect("a moment");
        let key = SigningKey::make(&Chance::from_system(), now).expect("a key can be made");
        let pem = key.to_pem();
        let again = SigningKey::from_pem(pem.expose()).expect("what was written is read");
        assert_eq!(again.to_pem().expose(), pem.expose());
        assert_eq!(format!("{key:?}"), "SigningKey(redacted)");
        for damaged in ["", &pem.expose()[..pem.expose().len() / 2], &pem.expose()[40..]] {
            assert!(SigningKey::from_pem(damaged).is_none());
        }
    }
}
