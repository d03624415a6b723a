//! ListResourceTypes and GetResourceType: GET `/ResourceTypes`.

use serde_json::{Value, json};

use super::{
    Call, Outcome, endpoint, list,
    path::{ENTERPRISE, GROUP, USER},
    wire::{Answer, ScimError},
};

/// Tells what there is.
pub fn list_resource_types(call: &Call<'_>) -> Outcome {
    Ok(list::whole(&all(call)))
}

/// Tells of one.
pub fn get_resource_type(call: &Call<'_>) -> Outcome {
    let found = all(call).into_iter().find(|kind| kind["id"] == *call.id);
    found.map(Answer::of).ok_or_else(|| ScimError::not_found("Resource type"))
}

fn all(call: &Call<'_>) -> Vec<Value> {
    let extensions = json!([{ "schema": ENTERPRISE, "required": false }]);
    [("User", "/Users", "User account", USER, extensions), ("Group", "/Groups", "Group", GROUP, json!([]))]
        .into_iter()
        .map(|(name, place, description, schema, extensions)| {
            let mut kind = json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
                "id": name,
                "name": name,
                "description": description,
                "endpoint": place,
                "schema": schema,
                "meta": {
                    "resourceType": "ResourceType",
                    "location": format!("{}/ResourceTypes/{name}", endpoint(call.instance)),
                },
            });
            if extensions.as_array().is_some_and(|extensions| !extensions.is_empty()) {
                kind["schemaExtensions"] = extensions;
            }
            kind
        })
        .collect()
}
