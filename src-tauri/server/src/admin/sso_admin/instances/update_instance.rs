//! UpdateInstance. The name is what can be set; keys and networks are the server's own.

use serde_json::json;

use crate::{
    admin::{Call, Outcome, body::pattern, wire::AdminError},
    organisation::is_name_byte,
};

/// Names the instance, unless its organisation file does.
pub fn update_instance(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let body = call.body();
    for member in ["EncryptionConfiguration", "NetworkConfiguration"] {
        if body.get(member).is_some() {
            return Err(AdminError::validation(format!(
                "{member} cannot be set here: the server has its own."
            )));
        }
    }
    match body.get("PermissionSetsEnabled").map(|said| said.as_bool().ok_or_else(AdminError::wrong_type)) {
        None | Some(Ok(true)) => {}
        Some(Ok(false)) => {
            return Err(AdminError::validation("Permission sets are always enabled here."));
        }
        Some(Err(error)) => return Err(error),
    }
    let Some(name) = body.sized("Name", 0..=255)? else {
        call.instance.store.append_audit(&[call.entry(json!({}))])?;
        return Ok(json!({}));
    };
    if name.is_empty() || !name.bytes().all(is_name_byte) {
        return Err(pattern("Name", "[\\w+=,.@-]+"));
    }
    if !call.instance.store.set_name(name, &call.entry(json!({})))? {
        return Err(super::super::conflict(
            "The organisation file names the instance. To change the name, change it there and apply the file.",
        ));
    }
    Ok(json!({}))
}
