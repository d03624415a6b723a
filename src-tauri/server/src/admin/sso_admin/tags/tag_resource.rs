//! TagResource.

use crate::admin::{Call, Outcome};

/// Sets tags.
pub fn tag_resource(call: &Call<'_>) -> Outcome {
    let given = super::given(call.body())?;
    super::edit(call, |tags| {
        tags.extend(given);
        super::check_room(tags)
    })
}
