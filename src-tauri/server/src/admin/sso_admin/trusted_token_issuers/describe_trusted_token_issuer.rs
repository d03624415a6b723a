//! DescribeTrustedTokenIssuer.

use serde_json::json;

use crate::admin::{Call, Outcome};

/// Tells an issuer.
pub fn describe_trusted_token_issuer(call: &Call<'_>) -> Outcome {
    let issuer = call.trusted_issuer()?;
    let mut told = super::written(call, &issuer);
    told["TrustedTokenIssuerConfiguration"] = json!({ "OidcJwtConfiguration": {
        "IssuerUrl": issuer.issuer_url,
        "ClaimAttributePath": issuer.claim_path,
        "IdentityStoreAttributePath": issuer.attribute_path,
        "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
    } });
    Ok(told)
}
