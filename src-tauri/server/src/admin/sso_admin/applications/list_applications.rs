//! ListApplications.

use crate::{
    admin::{Call, Outcome, wire::AdminError},
    store::ApplicationRecord,
};

/// A page of applications, by name.
pub fn list_applications(call: &Call<'_>) -> Outcome {
    call.own_instance()?;
    let (page, filter) = (call.page()?, call.body().object("Filter")?);
    let account = filter.map(|filter| filter.text("ApplicationAccount")).transpose()?.flatten();
    let provider = filter.map(|filter| filter.text("ApplicationProvider")).transpose()?.flatten();
    let own = call.instance.settings().management_account.clone();
    let position = |record: &ApplicationRecord| record.application.name.clone();
    let found = page.filtered(
        |after, limit| Ok::<_, AdminError>(call.instance.store.application_records(after, limit)?),
        position,
        |record| {
            account.is_none_or(|account| account == own)
                && provider.is_none_or(|provider| provider == super::provider_of(record))
        },
    )?;
    Ok(page.answer("Applications", found, position, |record| super::written(call, record)))
}
