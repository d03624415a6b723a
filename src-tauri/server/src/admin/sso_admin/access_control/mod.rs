//! Attributes for access control: InstanceAccessControlAttributeConfiguration.

pub mod create;
pub mod delete;
pub mod describe;
pub mod update;

use serde_json::{Value, json};

use super::not_found;
use crate::{
    admin::{
        Call,
        body::{Body, invalid, missing},
        wire::AdminError,
    },
    organisation::{AccessControlAttribute, is_attribute_key, is_attribute_source},
};

/// What an `InstanceAccessControlAttributeConfiguration` wants configured.
///
/// # Errors
/// [`AdminError`] if that cannot be.
pub fn wanted(said: Body<'_>) -> Result<Vec<AccessControlAttribute>, AdminError> {
    let list = said.list("AccessControlAttributes", 0..=50)?;
    let mut wanted: Vec<AccessControlAttribute> = Vec::new();
    for said in list.ok_or_else(|| missing("AccessControlAttributes"))?.iter().map(Body) {
        let key = said.need("Key")?;
        if !is_attribute_key(key) {
            let words =
                "Member must have 1 to 128 letters, digits, spaces and _.:/=+-@ and not begin with aws:";
            return Err(invalid("key", words));
        }
        if wanted.iter().any(|known| known.key == key) {
            return Err(AdminError::validation(format!("The key {key} is there twice.")));
        }
        let value = said.need_object("Value")?;
        let mut sources = Vec::new();
        for source in value.list("Source", 1..=1)?.ok_or_else(|| missing("Source"))? {
            let source = source.as_str().ok_or_else(AdminError::wrong_type)?;
            if !is_attribute_source(source) {
                let words =
                    format!("The source {source} of {key} is no attribute of this server's directory.");
                return Err(AdminError::validation(words));
            }
            sources.push(source.to_owned());
        }
        wanted.push(AccessControlAttribute { key: key.to_owned(), sources });
    }
    Ok(wanted)
}

fn written(attributes: &[AccessControlAttribute]) -> Value {
    attributes
        .iter()
        .map(|attribute| json!({ "Key": attribute.key, "Value": { "Source": attribute.sources } }))
        .collect()
}

fn none(call: &Call<'_>) -> AdminError {
    not_found("InstanceAccessControlAttributeConfiguration of the instance", &call.instance_arn())
}
