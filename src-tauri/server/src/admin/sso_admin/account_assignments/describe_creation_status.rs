//! DescribeAccountAssignmentCreationStatus.

use super::super::status;
use crate::{
    admin::{Call, Outcome},
    store::RequestKind,
};

/// How far a request is.
pub fn describe_account_assignment_creation_status(call: &Call<'_>) -> Outcome {
    let (member, answer) = ("AccountAssignmentCreationRequestId", "AccountAssignmentCreationStatus");
    status::describe(call, RequestKind::Assign, member, answer)
}
