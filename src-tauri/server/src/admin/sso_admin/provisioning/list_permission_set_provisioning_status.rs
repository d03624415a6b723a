//! ListPermissionSetProvisioningStatus.

use super::super::status;
use crate::{
    admin::{Call, Outcome},
    store::RequestKind,
};

/// A page of requests.
pub fn list_permission_set_provisioning_status(call: &Call<'_>) -> Outcome {
    status::list(call, RequestKind::Provision, "PermissionSetsProvisioningStatus")
}
