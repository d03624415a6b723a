//! The two parties of a sign-in as the library sees them: our identity provider, one for each application as
//! AWS has it, and the application's service provider as the organisation file describes it.

use saml_rs::{
    AcsEndpoint, AlgorithmPolicy, AssertionSignaturePolicy, AudienceValidationPolicy,
    AuthnRequestValidationPolicy, CertificatePem, Credentials, DataEncryptionAlgorithm, EntityId, IdpConfig,
    IdpValidationPolicy, MetadataTrustPolicy, NameIdFormat as Format, PrivateKeyPem, ResponseSignaturePolicy,
    Saml, SamlError, Sp, SpConfig, SpDescriptor, SpValidationPolicy, SsoEndpoint, XmlEncryptionPolicy,
    XmlPolicy, XmlSignatureProfile,
    raw::{
        Binding,
        metadata::{
            Endpoint, IdpMetadataConfig, SpMetadataConfig, generate_sp_metadata, try_generate_idp_metadata,
        },
    },
};

use super::{Target, certificates};
use crate::{instance::Instance, organisation::NameIdFormat};

/// What assertions are encrypted with. GCM, as CBC tells an attacker who can ask often enough what is in it (XML
/// Encryption 1.1 §5.2.4).
const AES256_GCM: &str = "http://www.w3.org/2009/xmlenc11#aes256-gcm";

/// The identity provider of an application. Where requests may be unsigned, assertions still go to the registered
/// address alone, so a forged request does no more than a link to the application.
///
/// # Errors
/// [`SamlError`] if the library refuses the configuration or there is no key.
pub fn identity_provider(instance: &Instance, target: Target<'_>) -> Result<Saml<saml_rs::Idp>, SamlError> {
    identity_provider_that(instance, target, false)
}

/// [`identity_provider`], that encrypts its assertions or not.
///
/// # Errors
/// As [`identity_provider`].
pub fn identity_provider_that(
    instance: &Instance,
    target: Target<'_>,
    encrypts: bool,
) -> Result<Saml<saml_rs::Idp>, SamlError> {
    let address = target.address(instance);
    let key = certificates::signing(instance, target)?;
    let mut xml = XmlPolicy::default();
    if encrypts {
        xml.encryption = XmlEncryptionPolicy::encrypt_assertions();
    }
    let requests = if target.saml.require_signed_requests {
        AuthnRequestValidationPolicy::RequireSigned
    } else if target.saml.signing_certificates.is_empty() {
        // There is nothing to check a signature with.
        AuthnRequestValidationPolicy::AllowUnsignedForCompatibility
    } else {
        AuthnRequestValidationPolicy::AllowUnsignedVerifyIfPresent
    };
    let config = IdpConfig::builder(EntityId::try_new(&*address)?)
        .sso_endpoint(SsoEndpoint::redirect(&*address)?)
        .sso_endpoint(SsoEndpoint::post(&*address)?)
        .name_id_format(format(target.saml.name_id_format))
        .credentials(Credentials {
            signing_key: Some(PrivateKeyPem::new(key.key().expose())),
            signing_certificate: Some(CertificatePem::new(key.certificate())),
            ..Credentials::default()
        })
        .algorithms(AlgorithmPolicy {
            data_encryption: DataEncryptionAlgorithm::Custom(AES256_GCM.to_owned()),
            ..AlgorithmPolicy::default()
        })
        .xml(xml)
        .validation(IdpValidationPolicy { authn_requests: requests, ..IdpValidationPolicy::compatibility() })
        .build()?;
    Saml::idp(config)
}

/// The metadata of an application's identity provider (SAML Metadata 2.0 §2.4.3), with every certificate that it
/// signs with or is about to.
///
/// # Errors
/// [`SamlError`], as [`identity_provider`].
pub fn metadata(instance: &Instance, target: Target<'_>) -> Result<String, SamlError> {
    let address = target.address(instance);
    let told = certificates::told(instance, target)?;
    try_generate_idp_metadata(&IdpMetadataConfig {
        entity_id: address.clone(),
        signing_certs: told.iter().map(|held| held.certificate.base64()).collect(),
        want_authn_requests_signed: target.saml.require_signed_requests,
        name_id_format: vec![format(target.saml.name_id_format).as_uri().to_owned()],
        single_sign_on_service: vec![
            Endpoint::new(Binding::Redirect, &*address),
            Endpoint::new(Binding::Post, &*address),
        ],
        ..IdpMetadataConfig::default()
    })
}

/// The service provider as requests are judged by: with the certificates that it signs with.
///
/// # Errors
/// [`SamlError`] if the library refuses the configuration.
pub fn requester(target: Target<'_>) -> Result<SpDescriptor, SamlError> {
    let xml = generate_sp_metadata(&SpMetadataConfig {
        entity_id: target.saml.audience.clone(),
        signing_certs: target.saml.signing_certificates.clone(),
        authn_requests_signed: target.saml.require_signed_requests,
        assertion_consumer_service: vec![Endpoint::new(Binding::Post, &*target.saml.acs_url)],
        ..SpMetadataConfig::default()
    });
    let entity_id = EntityId::try_new(&*target.saml.audience)?;
    // Made here a moment ago.
    SpDescriptor::from_metadata_xml_for(entity_id, &xml, MetadataTrustPolicy::UnsignedForCompatibility)
}

/// The application's service provider. The sandbox's pages play it with the strictest policy there is; for
/// everybody else it is what assertions are made for.
///
/// # Errors
/// [`SamlError`] if the library refuses the configuration.
pub fn service_provider(target: Target<'_>) -> Result<Saml<Sp>, SamlError> {
    let config = SpConfig::builder(EntityId::try_new(&*target.saml.audience)?)
        .acs_endpoint(AcsEndpoint::post(&*target.saml.acs_url)?)
        .name_id_format(format(target.saml.name_id_format))
        .validation(SpValidationPolicy {
            assertions: AssertionSignaturePolicy::RequireSigned,
            responses: ResponseSignaturePolicy::RequireSigned,
            xml_signatures: XmlSignatureProfile::StrictRsaSha2,
            audience: AudienceValidationPolicy::Validate,
            ..SpValidationPolicy::recommended()
        })
        .build()?;
    Saml::sp(config)
}

/// The format as SAML names it.
pub fn format(format: NameIdFormat) -> Format {
    match format {
        NameIdFormat::Email => Format::EmailAddress,
        NameIdFormat::Persistent => Format::Persistent,
        NameIdFormat::Transient => Format::Transient,
        NameIdFormat::Unspecified => Format::Unspecified,
    }
}
