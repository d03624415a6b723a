//! CreateAccountAssignment: a request, which acts when it says `SUCCEEDED`.

use crate::{
    admin::{Call, Outcome},
    store::Wanted,
};

/// Gives a principal a permission set in an account.
pub fn create_account_assignment(call: &Call<'_>) -> Outcome {
    super::request(call, Wanted::Assign, "AccountAssignmentCreationStatus")
}
