//! UntagResource. A tag that is not there is no mistake.

use crate::admin::{Call, Outcome, body::missing, wire::AdminError};

/// Takes tags away.
pub fn untag_resource(call: &Call<'_>) -> Outcome {
    let keys = call.body().list("TagKeys", 1..=75)?.ok_or_else(|| missing("TagKeys"))?;
    super::edit(call, |tags| {
        for key in keys {
            tags.remove(key.as_str().ok_or_else(AdminError::wrong_type)?);
        }
        Ok(())
    })
}
