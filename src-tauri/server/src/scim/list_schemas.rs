//! ListSchemas: GET `/Schemas`, what can be said of users and groups here, and no more.

use serde_json::{Value, json};

use super::{
    Call, Outcome,
    attributes::{CORE, EXTENSION, Shape},
    endpoint, list,
    path::{ENTERPRISE, GROUP, USER},
};

/// Tells the schemas.
pub fn list_schemas(call: &Call<'_>) -> Outcome {
    Ok(list::whole(&all(call)))
}

/// All of them.
pub fn all(call: &Call<'_>) -> Vec<Value> {
    let schema = |id: &str, name: &str, description: &str, attributes: Vec<Value>| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": id,
            "name": name,
            "description": description,
            "attributes": attributes,
            "meta": {
                "resourceType": "Schema",
                "location": format!("{}/Schemas/{id}", endpoint(call.instance)),
            },
        })
    };
    let user =
        CORE.iter().filter(|(name, _)| *name != "externalId").map(|(name, shape)| attribute(name, *shape));
    let enterprise = EXTENSION.iter().map(|(name, shape)| attribute(name, *shape));
    let group = vec![
        attribute("displayName", Shape::Text),
        json!({
            "name": "members", "type": "complex", "multiValued": true, "required": false, "caseExact": false,
            "description": "The users in the group. They are asked for with a filter, and never told.",
            "mutability": "writeOnly", "returned": "never", "uniqueness": "none",
            "subAttributes": [
                plain("value", "The id of a user.", true, "immutable"),
                json!({
                    "name": "$ref", "type": "reference", "referenceTypes": ["User"], "multiValued": false,
                    "required": false, "caseExact": true, "description": "The address of a user.",
                    "mutability": "immutable", "returned": "default", "uniqueness": "none",
                }),
            ],
        }),
    ];
    vec![
        schema(USER, "User", "User account", user.collect()),
        schema(ENTERPRISE, "EnterpriseUser", "Enterprise user", enterprise.collect()),
        schema(GROUP, "Group", "Group", group),
    ]
}

fn plain(name: &str, description: &str, required: bool, mutability: &str) -> Value {
    json!({
        "name": name, "type": "string", "multiValued": false, "required": required, "caseExact": false,
        "description": description, "mutability": mutability, "returned": "default", "uniqueness": "none",
    })
}

fn attribute(name: &str, shape: Shape) -> Value {
    let demanded = ["userName", "displayName", "name", "givenName", "familyName"].contains(&name);
    let mut written = plain(name, description(name), demanded, "readWrite");
    let of_parts = |parts: &[&str]| -> Vec<Value> {
        let part = |part: &&str| {
            let shape = if *part == "primary" { Shape::Flag } else { Shape::Text };
            attribute(part, shape)
        };
        parts.iter().map(part).collect()
    };
    match shape {
        Shape::Text => {}
        Shape::Flag => written["type"] = json!("boolean"),
        Shape::Object(parts) => {
            written["type"] = json!("complex");
            written["subAttributes"] = json!(of_parts(parts));
        }
        Shape::List(parts) => {
            written["type"] = json!("complex");
            written["multiValued"] = json!(true);
            written["subAttributes"] = json!(of_parts(parts));
        }
    }
    match name {
        "userName" => written["uniqueness"] = json!("server"),
        "profileUrl" => {
            written["type"] = json!("reference");
            written["referenceTypes"] = json!(["external"]);
        }
        _ => {}
    }
    written
}

fn description(name: &str) -> &'static str {
    match name {
        "userName" => "What the user is called when signing in; the NameID of the identity provider.",
        "name" => "The parts of the user's name.",
        "displayName" => "The name that people see.",
        "emails" => "The email address; one is kept.",
        "addresses" => "The postal address; one is kept.",
        "phoneNumbers" => "The phone number; one is kept.",
        "active" => "Whether the user may sign in. Who is deactivated is out at once.",
        "manager" => "The user's manager.",
        "primary" => "Whether it is the one to use.",
        "type" => "What kind it is, such as work.",
        "value" => "The value itself.",
        _ => "",
    }
}
