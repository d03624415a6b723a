//! A service provider's metadata (SAML Metadata 2.0 §2.4.4), read by the library: what an application says of itself.

use saml_rs::{
    MetadataTrustPolicy, SamlError, SpDescriptor,
    raw::{Binding, metadata::SpMetadata},
};

use super::certificate_text;
use crate::{fetch::LARGEST, organisation::NameIdFormat};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Entity id.
    pub audience: String,
    /// Where assertions go by HTTP-POST.
    pub acs_url: String,
    /// The first format that we know.
    pub name_id_format: Option<NameIdFormat>,
    /// Whether it says that it signs its requests.
    pub signs_requests: bool,
    /// What it signs with.
    pub signing_certificates: Vec<String>,
    /// What it would have assertions encrypted for. Whether they are is the administrator's choice.
    pub encryption_certificate: Option<String>,
}

/// Why metadata is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A discovery document or a client of the other protocol.
    #[error("describes an OpenID Connect application. {OPENID_CONNECT_REFUSED}")]
    OpenIdConnect,
    /// Too much: metadata of one service provider is a few kilobytes, federations' files are not taken.
    #[error("has more than {} KiB; give the metadata of this one application", LARGEST / 1024)]
    TooLarge,
    /// Metadata of the wrong side.
    #[error("describes an identity provider; give the metadata of the application, the service provider")]
    IdentityProvider,
    /// Not metadata.
    #[error("is not SAML metadata of one service provider: {0}")]
    Malformed(SamlError),
    /// Nowhere to send assertions.
    #[error("has no assertion consumer service for HTTP-POST, the one way assertions are sent")]
    NoConsumer,
    /// A certificate in it.
    #[error("has a certificate that {0}")]
    Certificate(&'static str),
}

/// Why, in AWS SSO as here.
pub const OPENID_CONNECT_REFUSED: &str = "Applications of your own sign in by SAML 2.0 here, as in AWS SSO: choose \
     SAML on the application's side and give its SAML metadata";

/// Reads metadata.
///
/// # Errors
/// [`ImportError`] says what it is instead.
pub fn read(text: &str) -> Result<Imported, ImportError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.len() > LARGEST {
        return Err(ImportError::TooLarge);
    }
    if text.starts_with('{') {
        let json: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let names = ["authorization_endpoint", "token_endpoint", "jwks_uri", "redirect_uris", "client_id"];
        if names.iter().any(|name| json.get(name).is_some()) {
            return Err(ImportError::OpenIdConnect);
        }
    }
    // Signed or not: the administrator who gives it is who vouches for it.
    let descriptor = SpDescriptor::from_metadata_xml(text, MetadataTrustPolicy::UnsignedForCompatibility)
        .map_err(ImportError::Malformed)?;
    let metadata: &SpMetadata = descriptor.metadata();
    let acs_url = metadata.get_assertion_consumer_service(Binding::Post).ok_or(
        if text.contains("IDPSSODescriptor") && !text.contains("SPSSODescriptor") {
            ImportError::IdentityProvider
        } else {
            ImportError::NoConsumer
        },
    )?;
    let certificates = |usage| {
        let all = metadata.x509_certificates(usage).into_iter();
        all.map(|text| certificate_text(&text).map_err(ImportError::Certificate))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(Imported {
        audience: descriptor.entity_id().as_str().to_owned(),
        acs_url,
        name_id_format: metadata.get_name_id_format().iter().find_map(|urn| NameIdFormat::of_urn(urn.trim())),
        signs_requests: metadata.is_authn_request_signed(),
        signing_certificates: certificates(saml_rs::constants::CertUse::Signing)?,
        encryption_certificate: certificates(saml_rs::constants::CertUse::Encryption)?.into_iter().next(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(keys: &str, consumers: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
             xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"https://app.test/sp\">\
             <md:SPSSODescriptor AuthnRequestsSigned=\"true\" \
             protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}\
             <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>{consumers}\
             </md:SPSSODescriptor></md:EntityDescriptor>"
        )
    }

    const POST: &str = "<md:AssertionConsumerService index=\"0\" Location=\"https://app.test/acs\" \
                        Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\"/>";
    const ARTIFACT: &str = "<md:AssertionConsumerService index=\"1\" Location=\"https://app.test/artifact\" \
                            Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact\"/>";

    fn key(usage: &str, certificate: &str) -> String {
        format!(
            "<md:KeyDescriptor use=\"{usage}\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}\
             </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        )
    }

    #[test]
    fn an_application_is_read_from_what_it_says_of_itself() {
        let own = crate::rig::saml_key();
        let certificate = certificate_text(own.certificate()).expect("it is one");
        let keys = key("signing", &certificate) + &key("encryption", &certificate);
        let found = read(&metadata(&keys, &format!("{ARTIFACT}{POST}"))).expect("it is good");
        assert_eq!(found.audience, "https://app.test/sp");
        assert_eq!(found.acs_url, "https://app.test/acs");
        assert_eq!(found.name_id_format, Some(NameIdFormat::Persistent));
        assert!(found.signs_requests);
        assert_eq!(found.signing_certificates, std::slice::from_ref(&certificate));
        assert_eq!(found.encryption_certificate, Some(certificate));
    }

    #[test]
    fn what_is_something_else_is_refused_with_the_reason() {
        for (text, words) in [
            (
                "{\"issuer\":\"https://x\",\"authorization_endpoint\":\"https://x/a\"}".to_owned(),
                "OpenID Connect",
            ),
            ("{\"redirect_uris\":[\"https://x\"]}".to_owned(), "OpenID Connect"),
            ("hello".to_owned(), "is not SAML metadata"),
            (metadata("", ARTIFACT), "no assertion consumer service for HTTP-POST"),
            (metadata("", POST).replace("SPSSO", "IDPSSO"), "identity provider"),
            (metadata(&key("signing", "AAAA"), POST), "has a certificate that"),
            (metadata("", POST).replace("entityID", "entity"), "is not SAML metadata"),
            (" ".repeat(10) + &"x".repeat(LARGEST + 1), "more than 256 KiB"),
            (format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>{}", metadata("", POST)), ""),
        ] {
            let error = read(&text).expect_err(words).to_string();
            assert!(error.contains(words), "{words}: {error}");
        }
    }
}
