//! The two parties of a sign-in as the library sees them: this server as service provider, and the identity provider
//! as an administrator described it.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use saml_rs::{
    AcsEndpoint, AssertionSignaturePolicy, AudienceValidationPolicy, AuthnRequestSigningPolicy,
    CertificatePem, Credentials, EntityId, IdpDescriptor, MetadataTrustPolicy, NameIdFormat, PrivateKeyPem,
    ResponseSignaturePolicy, Saml, SamlError, Sp, SpConfig, SpValidationPolicy, XmlSignatureProfile,
    raw::{
        Binding,
        metadata::{Endpoint, IdpMetadataConfig, try_generate_idp_metadata},
    },
};

use crate::{
    instance::{Instance, Shared},
    store::ExternalProvider,
};

/// What must be signed. Providers sign one of the two, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// The assertion.
    Assertion,
    /// The response around it.
    Response,
}

/// This server's name as a service provider, which is where its metadata is.
pub fn entity_id(instance: &Instance) -> String {
    instance.addresses.url(&format!("/platform/saml/{}", instance.addresses.directory_id()))
}

/// Where answers come.
pub fn acs_url(instance: &Instance) -> String {
    instance.addresses.url(&format!("{}{}", super::ACS, instance.addresses.directory_id()))
}

/// This server.
///
/// # Errors
/// [`SamlError`] if the library refuses the configuration.
pub fn service_provider(instance: &Instance, signed: Signed) -> Result<Saml<Sp>, SamlError> {
    let key = &instance.saml_key;
    let (assertions, responses) = match signed {
        Signed::Assertion => {
            (AssertionSignaturePolicy::RequireSigned, ResponseSignaturePolicy::RequireForEncryptedCbc)
        }
        Signed::Response => {
            (AssertionSignaturePolicy::AllowUnsignedForCompatibility, ResponseSignaturePolicy::RequireSigned)
        }
    };
    let config = SpConfig::builder(EntityId::try_new(entity_id(instance))?)
        .acs_endpoint(AcsEndpoint::post(acs_url(instance))?)
        .name_id_format(NameIdFormat::Unspecified)
        .credentials(Credentials {
            signing_key: Some(PrivateKeyPem::new(key.key().expose())),
            signing_certificate: Some(CertificatePem::new(key.certificate())),
            ..Credentials::default()
        })
        .validation(SpValidationPolicy {
            assertions,
            responses,
            xml_signatures: XmlSignatureProfile::StrictRsaSha2,
            authn_requests: AuthnRequestSigningPolicy::Sign,
            audience: AudienceValidationPolicy::Validate,
            ..SpValidationPolicy::recommended()
        })
        .build()?;
    Saml::sp(config)
}

/// The identity provider.
///
/// # Errors
/// [`SamlError`] if the library refuses what it was described as.
pub fn identity_provider(provider: &ExternalProvider) -> Result<IdpDescriptor, SamlError> {
    let xml = try_generate_idp_metadata(&IdpMetadataConfig {
        entity_id: provider.entity_id.clone(),
        signing_certs: provider.certificates.clone(),
        want_authn_requests_signed: true,
        single_sign_on_service: vec![Endpoint::new(Binding::Redirect, &*provider.sign_in_url)],
        ..IdpMetadataConfig::default()
    })?;
    let entity_id = EntityId::try_new(&*provider.entity_id)?;
    // Made here a moment ago.
    IdpDescriptor::from_metadata_xml_for(entity_id, &xml, MetadataTrustPolicy::UnsignedForCompatibility)
}

/// GET `/platform/saml/{directory}`: what an identity provider's administrator needs.
pub async fn show_metadata(State(instance): State<Shared>, Path(directory): Path<String>) -> Response {
    if directory != instance.addresses.directory_id() {
        return (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response();
    }
    instance
        .run(|instance| match service_provider(instance, Signed::Assertion) {
            Ok(sp) => {
                let headers = [
                    (header::CONTENT_TYPE, "application/samlmetadata+xml"),
                    (header::CONTENT_DISPOSITION, "inline; filename=\"latchkey-server.xml\""),
                ];
                (headers, sp.metadata_xml().to_owned()).into_response()
            }
            Err(error) => {
                tracing::error!(%error, "the service provider's metadata could not be made");
                (StatusCode::INTERNAL_SERVER_ERROR, "The metadata could not be made.\n").into_response()
            }
        })
        .await
}
