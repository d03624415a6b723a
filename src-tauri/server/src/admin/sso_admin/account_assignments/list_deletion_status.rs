//! ListAccountAssignmentDeletionStatus.

use super::super::status;
use crate::{
    admin::{Call, Outcome},
    store::RequestKind,
};

/// A page of requests.
pub fn list_account_assignment_deletion_status(call: &Call<'_>) -> Outcome {
    status::list(call, RequestKind::Revoke, "AccountAssignmentsDeletionStatus")
}
