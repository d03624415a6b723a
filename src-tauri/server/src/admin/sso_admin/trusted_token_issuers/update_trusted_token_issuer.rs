//! UpdateTrustedTokenIssuer. Its address stays as it is: another one is another issuer.

use serde_json::json;

use crate::admin::{Call, Outcome};

/// Changes what is given.
pub fn update_trusted_token_issuer(call: &Call<'_>) -> Outcome {
    let issuer = call.trusted_issuer()?;
    let body = call.body();
    let name = super::name(body)?;
    let said = match body.object("TrustedTokenIssuerConfiguration")? {
        Some(configuration) => configuration.object("OidcJwtConfiguration")?,
        None => None,
    };
    let (mut claim, mut attribute) = (None, None);
    if let Some(said) = said {
        super::retrieval(said)?;
        (claim, attribute) = (super::claim_path(said)?, super::attribute_path(said)?);
    }
    let arn = call.trusted_issuer_arn(&issuer.id);
    let entry = call.entry(json!({ "resource": arn }));
    let outcome = call.instance.store.edit_trusted_issuer(&issuer.id, &entry, |issuer| {
        for (field, given) in [
            (&mut issuer.name, name),
            (&mut issuer.claim_path, claim),
            (&mut issuer.attribute_path, attribute),
        ] {
            if let Some(given) = given {
                given.clone_into(field);
            }
        }
        Ok(())
    })?;
    super::edited(outcome, &arn)
}
