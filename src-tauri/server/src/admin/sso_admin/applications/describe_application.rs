//! DescribeApplication.

use crate::admin::{Call, Outcome};

/// What is known of an application.
pub fn describe_application(call: &Call<'_>) -> Outcome {
    Ok(super::written(call, &call.application()?))
}
