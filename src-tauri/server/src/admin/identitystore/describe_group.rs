//! DescribeGroup.

use super::written_group;
use crate::admin::{Call, Outcome};

/// What is known of a group.
pub fn describe_group(call: &Call<'_>) -> Outcome {
    let store = call.identity_store()?;
    Ok(written_group(store, &call.group()?))
}
