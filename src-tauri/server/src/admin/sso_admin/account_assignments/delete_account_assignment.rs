//! DeleteAccountAssignment: a request, which acts when it says `SUCCEEDED`.

use crate::{
    admin::{Call, Outcome},
    store::Wanted,
};

/// Takes a permission set in an account from a principal.
pub fn delete_account_assignment(call: &Call<'_>) -> Outcome {
    super::request(call, Wanted::Revoke, "AccountAssignmentDeletionStatus")
}
