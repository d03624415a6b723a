//! PutApplicationAccessScope. What the application's tokens are good for, and which applications may exchange them.

use serde_json::{Value, json};

use super::super::too_many;
use crate::{
    admin::{Call, Outcome, body, wire::AdminError},
    domain::integration::MOST_SCOPES,
    store::Permission,
};

/// Sets a scope.
pub fn put_application_access_scope(call: &Call<'_>) -> Outcome {
    let id = call.integrated()?;
    let scope = call.scope()?;
    let targets = call.body().list("AuthorizedTargets", 1..=10)?;
    for target in targets.unwrap_or_default() {
        let target = target.as_str().ok_or_else(AdminError::wrong_type)?;
        if target != call.instance_arn() && !target.contains(":application/") {
            let words = "arn:aws(-[a-z]{1,5}){0,3}:sso::(\\d{12}:application/(sso)?ins-[a-zA-Z0-9-.]{16}/apl-[a-zA-Z0-9]{16}|:instance/(sso)?ins-[a-zA-Z0-9-.]{16})";
            return Err(body::pattern("AuthorizedTargets", words));
        }
        if target.contains(":application/") {
            call.application_at(target)?;
        }
    }
    let known = call.instance.store.application_permissions(&id, Permission::Scope, "", MOST_SCOPES)?;
    let full = known.len() >= usize::try_from(MOST_SCOPES).unwrap_or(usize::MAX);
    if full && !known.iter().any(|(name, _)| name == scope) {
        return Err(too_many(format!("An application has at most {MOST_SCOPES} access scopes.")));
    }
    let value = targets.map_or(Value::Null, |targets| json!(targets));
    call.put_permission(Permission::Scope, scope, &value)
}
