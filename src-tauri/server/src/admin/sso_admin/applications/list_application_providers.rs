//! ListApplicationProviders: links, custom SAML 2.0 applications and the catalogue.

use serde_json::Value;

use crate::admin::{Call, Outcome};

/// A page of what applications can be made from.
pub fn list_application_providers(call: &Call<'_>) -> Outcome {
    let (position, write) =
        (|(arn, _): &(String, Value)| arn.clone(), |(_, written): &(String, Value)| written.clone());
    Ok(call.page()?.of("ApplicationProviders", super::providers(), position, write))
}
