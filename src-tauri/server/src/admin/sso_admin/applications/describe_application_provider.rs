//! DescribeApplicationProvider.

use super::super::not_found;
use crate::admin::{Call, Outcome};

/// What is known of a provider.
pub fn describe_application_provider(call: &Call<'_>) -> Outcome {
    let wanted = call.body().need("ApplicationProviderArn")?;
    let found = super::providers().into_iter().find(|(arn, _)| arn == wanted);
    found.map(|(_, written)| written).ok_or_else(|| not_found("ApplicationProvider", wanted))
}
