//! Issuers whose tokens are believed: JSON Web Tokens of an OpenID provider, exchanged for tokens of this server.

pub mod create_trusted_token_issuer;
pub mod delete_trusted_token_issuer;
pub mod describe_trusted_token_issuer;
pub mod list_trusted_token_issuers;
pub mod update_trusted_token_issuer;

use serde_json::{Value, json};

use super::{conflict, not_found};
use crate::{
    admin::{
        Call, Outcome,
        body::{self, Body, invalid, is_uuid, missing},
        wire::AdminError,
    },
    domain::integration::{ATTRIBUTES, is_claim_path, is_issuer_name, is_issuer_url},
    oidc::trusted,
    store::{Edited, TrustedIssuer},
};

/// The only kind (SSO Admin API, `TrustedTokenIssuerType`).
const KIND: &str = "OIDC_JWT";

impl Call<'_> {
    fn trusted_issuer_arn(&self, id: &str) -> String {
        format!("{}{id}", trusted::arn_prefix(self.instance))
    }

    /// The issuer with this ARN. One of another instance is somebody else's.
    pub(super) fn trusted_issuer_at(&self, arn: &str) -> Result<TrustedIssuer, AdminError> {
        if !arn.starts_with("arn:aws:sso::") || !arn.contains(":trustedTokenIssuer/") {
            let words = "arn:aws(-[a-z]{1,5}){0,3}:sso::\\d{12}:trustedTokenIssuer/(sso)?ins-[a-zA-Z0-9-.]{16}/tti-[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}";
            return Err(body::pattern("TrustedTokenIssuerArn", words));
        }
        let id = arn.strip_prefix(&trusted::arn_prefix(self.instance)).ok_or_else(|| self.denied_on(arn))?;
        let is_id = id.strip_prefix("tti-").is_some_and(is_uuid);
        let found = if is_id { self.instance.store.trusted_issuer(id)? } else { None };
        found.ok_or_else(|| not_found("TrustedTokenIssuer", arn))
    }

    /// The issuer that the request names.
    fn trusted_issuer(&self) -> Result<TrustedIssuer, AdminError> {
        self.trusted_issuer_at(self.body().need("TrustedTokenIssuerArn")?)
    }
}

fn taken() -> AdminError {
    conflict("A trusted token issuer with this name or issuer URL already exists.")
}

fn written(call: &Call<'_>, issuer: &TrustedIssuer) -> Value {
    json!({
        "TrustedTokenIssuerArn": call.trusted_issuer_arn(&issuer.id),
        "Name": issuer.name,
        "TrustedTokenIssuerType": KIND,
    })
}

fn name(body: Body<'_>) -> Result<Option<&str>, AdminError> {
    let Some(name) = body.sized("Name", 1..=255)? else { return Ok(None) };
    if is_issuer_name(name) { Ok(Some(name)) } else { Err(body::pattern("Name", "[\\w+=,.@-]+")) }
}

fn claim_path(body: Body<'_>) -> Result<Option<&str>, AdminError> {
    let Some(path) = body.sized("ClaimAttributePath", 1..=255)? else { return Ok(None) };
    if is_claim_path(path) {
        return Ok(Some(path));
    }
    Err(body::pattern("ClaimAttributePath", "\\p{L}+(?:(\\.|\\_)\\p{L}+){0,2}"))
}

fn attribute_path(body: Body<'_>) -> Result<Option<&'static str>, AdminError> {
    let name = "IdentityStoreAttributePath";
    if body.get(name).is_none() {
        return Ok(None);
    }
    body.one_of(name, &ATTRIBUTES).map(Some)
}

fn retrieval(body: Body<'_>) -> Result<Option<&'static str>, AdminError> {
    let name = "JwksRetrievalOption";
    if body.get(name).is_none() {
        return Ok(None);
    }
    body.one_of(name, &["OPEN_ID_DISCOVERY"]).map(Some)
}

fn issuer_url(body: Body<'_>) -> Result<&str, AdminError> {
    let text = body.sized("IssuerUrl", 1..=512)?.ok_or_else(|| missing("IssuerUrl"))?;
    if is_issuer_url(text) {
        return Ok(text);
    }
    Err(invalid("IssuerUrl", "Member must be an https URL, or an http URL of this machine, without a query"))
}

fn configuration(body: Body<'_>) -> Result<Body<'_>, AdminError> {
    body.need_object("TrustedTokenIssuerConfiguration")?.need_object("OidcJwtConfiguration")
}

fn edited(outcome: Edited<AdminError>, arn: &str) -> Outcome {
    match outcome {
        Edited::Done(_) => Ok(json!({})),
        Edited::Missing => Err(not_found("TrustedTokenIssuer", arn)),
        Edited::Taken => Err(taken()),
        Edited::Refused(error) => Err(error),
    }
}
