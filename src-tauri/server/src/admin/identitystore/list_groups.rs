//! ListGroups: by name, or the one that a filter names.

use super::{bad_path, written_group};
use crate::{
    admin::{Call, Outcome},
    store::GroupRecord,
};

/// A page of groups.
pub fn list_groups(call: &Call<'_>) -> Outcome {
    let (id, store, page) = (call.identity_store()?, &call.instance.store, call.page()?);
    let groups = match call.filter()? {
        None => store.group_records(page.after(), page.wanted())?,
        Some((path, value)) => match path.as_str() {
            "displayName" => {
                let found = store.group_by_name(value)?;
                found.map(|group| store.group_record(&group.id)).transpose()?.flatten().into_iter().collect()
            }
            // Ids of other directories come with provisioning, which this server does not take.
            "externalId" => Vec::new(),
            _ => return Err(bad_path(&path)),
        },
    };
    let position = |record: &GroupRecord| record.group.name.clone();
    Ok(page.answer("Groups", groups, position, |record| written_group(id, record)))
}
