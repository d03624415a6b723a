//! ListTrustedTokenIssuers.

use crate::admin::{Call, Outcome};

/// A page of issuers, by name.
pub fn list_trusted_token_issuers(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let page = call.page()?;
    let rows = call.instance.store.trusted_issuers(page.after(), page.wanted())?;
    let position = |issuer: &crate::store::TrustedIssuer| issuer.name.clone();
    Ok(page.answer("TrustedTokenIssuers", rows, position, |issuer| super::written(call, issuer)))
}
