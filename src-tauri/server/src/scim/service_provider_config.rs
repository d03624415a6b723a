//! ServiceProviderConfig: GET `/ServiceProviderConfig`, what AWS says there.

use serde_json::json;

use super::{Call, Outcome, endpoint, list, wire::Answer};

/// Tells what is supported.
pub fn get(call: &Call<'_>) -> Outcome {
    Ok(Answer::of(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 1, "maxPayloadSize": 1_048_576 },
        "filter": { "supported": true, "maxResults": list::MOST },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": false },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "Authentication scheme using the OAuth Bearer Token Standard",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{}/ServiceProviderConfig", endpoint(call.instance)),
        },
    })))
}
