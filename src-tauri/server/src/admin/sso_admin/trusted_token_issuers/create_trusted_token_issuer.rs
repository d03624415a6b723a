//! CreateTrustedTokenIssuer.

use serde_json::json;

use super::super::tags;
use crate::{
    admin::{Call, Outcome, body::missing},
    store::TrustedIssuer,
};

/// Adds an issuer. Its keys are asked for when a token comes.
pub fn create_trusted_token_issuer(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let body = call.body();
    let name = super::name(body)?.ok_or_else(|| missing("Name"))?;
    body.one_of("TrustedTokenIssuerType", &[super::KIND])?;
    let said = super::configuration(body)?;
    super::retrieval(said)?.ok_or_else(|| missing("JwksRetrievalOption"))?;
    let claim_path = super::claim_path(said)?.ok_or_else(|| missing("ClaimAttributePath"))?;
    let attribute_path = super::attribute_path(said)?.ok_or_else(|| missing("IdentityStoreAttributePath"))?;
    let issuer = TrustedIssuer {
        id: format!("tti-{}", call.instance.chance.uuid()),
        name: name.to_owned(),
        issuer_url: super::issuer_url(said)?.to_owned(),
        claim_path: claim_path.to_owned(),
        attribute_path: attribute_path.to_owned(),
        created: call.instance.now(),
    };
    let (arn, tags) = (call.trusted_issuer_arn(&issuer.id), tags::given(body)?);
    let entry = call.entry(json!({ "resource": arn }));
    if !call.instance.store.add_trusted_issuer(&issuer, (&arn, &tags), &entry)? {
        return Err(super::taken());
    }
    Ok(json!({ "TrustedTokenIssuerArn": arn }))
}
