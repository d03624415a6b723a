//! Issuers whose tokens are believed: JSON Web Tokens of an OpenID provider, exchanged for tokens of this server.

pub mod create_trusted_token_issuer;
pub mod delete_trusted_token_issuer;
pub mod describe_trusted_token_issuer;
pub mod list_trusted_token_issuers;
pub mod update_trusted_token_issuer;

use serde_json::{Value, json};
use url::Url;

use super::{conflict, not_found};
use crate::{
    admin::{
        Call, Outcome,
        body::{self, Body, invalid, is_uuid, missing},
        wire::AdminError,
    },
    oidc::trusted,
    store::{Edited, TrustedIssuer},
};

/// The only kind (SSO Admin API, `TrustedTokenIssuerType`).
const KIND: &str = "OIDC_JWT";
/// What people are found by: what is one person's alone.
const ATTRIBUTES: [&str; 3] = ["userName", "emails.value", "externalIds.value"];

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
    let good = name.chars().all(|c| c.is_alphanumeric() || "_+=,.@-".contains(c));
    if good { Ok(Some(name)) } else { Err(body::pattern("Name", "[\\w+=,.@-]+")) }
}

/// Letters, with up to two more parts after dots or underscores: where a token says whose it is.
fn claim_path(body: Body<'_>) -> Result<Option<&str>, AdminError> {
    let Some(path) = body.sized("ClaimAttributePath", 1..=255)? else { return Ok(None) };
    let parts: Vec<&str> = path.split(['.', '_']).collect();
    let good = parts.len() <= 3
        && parts.iter().all(|part| !part.is_empty() && part.chars().all(char::is_alphabetic));
    if good {
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

/// An address that keys can be had from without anybody between: https, or this machine.
fn issuer_url(body: Body<'_>) -> Result<&str, AdminError> {
    let text = body.sized("IssuerUrl", 1..=512)?.ok_or_else(|| missing("IssuerUrl"))?;
    let url = Url::parse(text).ok().filter(|url| url.query().is_none() && url.fragment().is_none());
    if url.is_some_and(|url| trusted::may_be_asked(&url)) {
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
