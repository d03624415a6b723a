//! PutPermissionsBoundaryToPermissionSet.

use crate::{
    admin::{Call, Outcome, wire::AdminError},
    organisation::Boundary,
};

/// Sets the permissions boundary.
pub fn put_permissions_boundary(call: &Call<'_>) -> Outcome {
    let said = call.body().need_object("PermissionsBoundary")?;
    let boundary = match (said.get("ManagedPolicyArn"), said.get("CustomerManagedPolicyReference")) {
        (Some(_), None) => Boundary::Managed(super::managed(said)?.to_owned()),
        (None, Some(_)) => Boundary::CustomerManaged(super::reference(said)?),
        _ => {
            let words =
                "PermissionsBoundary must have either ManagedPolicyArn or CustomerManagedPolicyReference.";
            return Err(AdminError::validation(words));
        }
    };
    call.edit_permission_set(|set| {
        set.policies.boundary = Some(boundary);
        Ok(())
    })
}
