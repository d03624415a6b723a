//! DescribeAccountAssignmentDeletionStatus.

use super::super::status;
use crate::{
    admin::{Call, Outcome},
    store::RequestKind,
};

/// How far a request is.
pub fn describe_account_assignment_deletion_status(call: &Call<'_>) -> Outcome {
    let (member, answer) = ("AccountAssignmentDeletionRequestId", "AccountAssignmentDeletionStatus");
    status::describe(call, RequestKind::Revoke, member, answer)
}
