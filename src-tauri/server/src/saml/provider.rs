//! The two parties of a sign-in as the library sees them: our identity provider, one for each application as
//! AWS has it, and the application's service provider as the organisation file describes it.

use saml_rs::{
    AcsEndpoint, AssertionSignaturePolicy, AudienceValidationPolicy, CertificatePem, Credentials, EntityId,
    IdpConfig, IdpValidationPolicy, NameIdFormat as Format, PrivateKeyPem, ResponseSignaturePolicy, Saml,
    SamlError, Sp, SpConfig, SpValidationPolicy, SsoEndpoint, XmlSignatureProfile, raw::IdentityProvider,
};

use super::Target;
use crate::{instance::Instance, organisation::NameIdFormat};

/// The identity provider of an application. Requests may be unsigned: assertions go to the address in the
/// organisation file alone, so a forged request does no more than a link to the application.
///
/// # Errors
/// [`SamlError`] if the library refuses the configuration.
pub fn identity_provider(instance: &Instance, target: Target<'_>) -> Result<Saml<saml_rs::Idp>, SamlError> {
    let address = target.address(instance);
    let config = IdpConfig::builder(EntityId::try_new(&*address)?)
        .sso_endpoint(SsoEndpoint::redirect(&*address)?)
        .sso_endpoint(SsoEndpoint::post(&*address)?)
        .name_id_format(format(target.saml.name_id_format))
        .credentials(Credentials {
            signing_key: Some(PrivateKeyPem::new(instance.saml_key.key().expose())),
            signing_certificate: Some(CertificatePem::new(instance.saml_key.certificate())),
            ..Credentials::default()
        })
        .validation(IdpValidationPolicy::compatibility())
        .build()?;
    Saml::idp(config)
}

/// The metadata of an application's identity provider (SAML Metadata 2.0 §2.4.3).
///
/// # Errors
/// [`SamlError`], as [`identity_provider`].
pub fn metadata(instance: &Instance, target: Target<'_>) -> Result<String, SamlError> {
    let provider = identity_provider(instance, target)?;
    let raw: &IdentityProvider = provider.raw_identity_provider();
    Ok(raw.metadata_xml().to_owned())
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
