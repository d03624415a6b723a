//! GetSchema: GET `/Schemas/{urn}`.

use super::{
    Call, Outcome, list_schemas,
    wire::{Answer, ScimError},
};

/// Tells of one schema.
pub fn get_schema(call: &Call<'_>) -> Outcome {
    let found = list_schemas::all(call).into_iter().find(|schema| schema["id"] == *call.id);
    found.map(Answer::of).ok_or_else(|| ScimError::not_found("Schema"))
}
