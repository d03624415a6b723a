//! Identity tokens for applications, and what checks them: JSON Web Tokens signed with the instance's RSA key, the one
//! of its assertions.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode,
    jwk::{Jwk, PublicKeyUse, ThumbprintHash},
};
use serde_json::{Value, json};

use super::wire::{Kind, OidcError};
use crate::{
    instance::{Instance, Shared},
    organisation::User,
};

const SEAL: usize = 64;

fn broken(error: &dyn std::fmt::Display) -> OidcError {
    tracing::error!(%error, "an identity token could not be signed");
    Kind::InternalServer.because("Internal server error")
}

fn key_of(instance: &Instance) -> Result<(EncodingKey, Jwk), OidcError> {
    let pem = instance.saml_key.key().expose();
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|error| broken(&error))?;
    let mut public = Jwk::from_encoding_key(&key, Algorithm::RS256).map_err(|error| broken(&error))?;
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256));
    Ok((key, public))
}

/// What an identity token says.
#[derive(Debug)]
pub struct Identity<'i> {
    /// Whose it is.
    pub user: &'i User,
    /// For which application, by its ARN.
    pub application: &'i str,
    /// Who asked for it.
    pub actor: &'i str,
    /// From when.
    pub now: Timestamp,
    /// Until when.
    pub ends: Timestamp,
}

impl Identity<'_> {
    /// What names the person to AWS's services, under a MAC of the instance.
    pub fn context(&self, instance: &Instance) -> String {
        let said =
            json!({ "sub": self.user.id, "aud": self.application, "exp": self.ends.as_second() }).to_string();
        let seal = instance.key.public_id("identity context", &[&said], SEAL);
        BASE64_URL_SAFE_NO_PAD.encode(format!("{seal}{said}"))
    }

    /// The token (IAM Identity Center User Guide, trusted identity propagation).
    ///
    /// # Errors
    /// `InternalServer` if it cannot be signed.
    pub fn sign(&self, instance: &Instance, context: &str) -> Result<String, OidcError> {
        let (key, public) = key_of(instance)?;
        let (account, directory) =
            (&instance.settings().management_account, instance.addresses.directory_id());
        let claims = json!({
            "iss": instance.addresses.issuer_url(),
            "sub": self.user.id,
            "aud": self.application,
            "iat": self.now.as_second(),
            "exp": self.ends.as_second(),
            "act": { "sub": self.actor },
            "aws:identity_store_id": directory,
            "aws:identity_store_arn": format!("arn:aws:identitystore::{account}:identitystore/{directory}"),
            "aws:instance_arn": instance.addresses.instance_arn(),
            "aws:instance_account": account,
            "sts:identity_context": context,
        });
        let header = Header { kid: public.common.key_id, ..Header::new(Algorithm::RS256) };
        encode(&header, &claims, &key).map_err(|error| broken(&error))
    }
}

/// GET `/ISSUER/.well-known/openid-configuration`.
pub async fn show_configuration(State(instance): State<Shared>) -> Json<Value> {
    let issuer = instance.addresses.issuer_url();
    Json(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "token_endpoint": instance.addresses.url("/token"),
        "authorization_endpoint": instance.addresses.url("/authorize"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
}

/// GET `/ISSUER/.well-known/jwks.json`.
pub async fn show_keys(State(instance): State<Shared>) -> Response {
    let keys = instance.run(|instance: &Instance| key_of(instance).map(|(_, public)| public)).await;
    match keys {
        Ok(public) => Json(json!({ "keys": [public] })).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
