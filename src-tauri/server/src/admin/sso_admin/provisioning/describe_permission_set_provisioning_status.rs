//! DescribePermissionSetProvisioningStatus.

use super::super::status;
use crate::{
    admin::{Call, Outcome},
    store::RequestKind,
};

/// How far a request is.
pub fn describe_permission_set_provisioning_status(call: &Call<'_>) -> Outcome {
    let (member, answer) = ("ProvisionPermissionSetRequestId", "PermissionSetProvisioningStatus");
    status::describe(call, RequestKind::Provision, member, answer)
}
