//! DeleteTrustedTokenIssuer. Its tokens are not believed any more.

use serde_json::json;

use super::super::not_found;
use crate::admin::{Call, Outcome};

/// Forgets an issuer.
pub fn delete_trusted_token_issuer(call: &Call<'_>) -> Outcome {
    let issuer = call.trusted_issuer()?;
    let arn = call.trusted_issuer_arn(&issuer.id);
    let entry = call.entry(json!({ "resource": arn }));
    if !call.instance.store.delete_trusted_issuer(&issuer.id, &arn, &entry)? {
        return Err(not_found("TrustedTokenIssuer", &arn));
    }
    Ok(json!({}))
}
