//! Pictures of the portal's applications: what is known of an address stays, the rest is fetched after the list.

use crate::{
    model::{
        application::{Application, Icon},
        organisation::Organisation,
    },
    ports::Sso,
};
use futures_util::{StreamExt, stream};
use std::time::Duration;

/// How long pictures may keep a sync from its end.
const TAKE: Duration = Duration::from_secs(15);
/// As many are fetched by one sync; the next one goes on.
const MOST: usize = 200;
/// Requests in flight at once.
const AT_ONCE: usize = 4;

/// The applications with the pictures that they had none of and that came in time; `None` where none came.
pub(crate) async fn fetched(
    sso: &dyn Sso,
    org: &Organisation,
    mut apps: Vec<Application>,
) -> Option<Vec<Application>> {
    let mut wanted: Vec<_> =
        apps.iter().filter_map(|app| app.icon.as_ref()).filter(|icon| icon.picture.is_none()).collect();
    wanted.sort_by(|a, b| a.address.cmp(&b.address));
    wanted.dedup_by(|a, b| a.address == b.address);
    let addresses: Vec<_> = wanted.into_iter().take(MOST).map(|icon| icon.address.clone()).collect();
    if addresses.is_empty() {
        return None;
    }
    let mut coming = stream::iter(addresses)
        .map(|address| async move {
            let fetched = sso.icon(org, &address).await;
            if let Err(error) = &fetched {
                tracing::debug!(organisation = %org.id, %address, ?error, "no picture of an application");
            }
            Some(Icon { picture: Some(fetched.ok()?), address })
        })
        .buffer_unordered(AT_ONCE);
    let mut came = Vec::new();
    let all = async {
        while let Some(icon) = coming.next().await {
            came.extend(icon);
        }
    };
    if tokio::time::timeout(TAKE, all).await.is_err() {
        tracing::info!(organisation = %org.id, "pictures of applications take too long");
    }
    for icon in apps.iter_mut().filter_map(|app| app.icon.as_mut()) {
        let found = came.iter().find(|other| other.address == icon.address);
        icon.picture = icon.picture.take().or_else(|| found.and_then(|other| other.picture.clone()));
    }
    (!came.is_empty()).then_some(apps)
}
