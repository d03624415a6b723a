//! DeleteApplication. Its assignments end with it.

use serde_json::json;

use super::super::not_found;
use crate::admin::{Call, Outcome};

/// Forgets an application.
pub fn delete_application(call: &Call<'_>) -> Outcome {
    let id = call.application()?.application.id;
    if !call.instance.store.delete_application(&id, &call.entry(json!({ "application": id })))? {
        return Err(not_found("Application", &id));
    }
    Ok(json!({}))
}
