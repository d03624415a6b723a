//! The applications of AWS's own portal: GET `/instance/appinstances`. AWS does not document it, and does
//! not say which tokens may ask.

use super::{
    http::Http,
    icons,
    portal::{get, more},
};
use engine::{
    model::{
        application::{Application, Icon},
        ids::AppId,
        organisation::Organisation,
    },
    ports::{Page, SsoError},
};
use secrecy::SecretString;
use serde::Deserialize;

/// The name by which the portal's list counts an account among its applications.
const ACCOUNT: &str = "AWS Account";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instances {
    pagination_token: Option<String>,
    result: Vec<Instance>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instance {
    id: String,
    name: Option<String>,
    description: Option<String>,
    application_name: Option<String>,
    icon: Option<String>,
    search_metadata: Option<Metadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    account_id: Option<String>,
}

impl Instance {
    fn is_account(&self) -> bool {
        let numbered = self.search_metadata.as_ref().is_some_and(|m| m.account_id.is_some());
        numbered || self.application_name.as_deref() == Some(ACCOUNT)
    }
}

/// One page of `ListApplications`, without the accounts.
pub(crate) async fn list(
    http: &Http,
    org: &Organisation,
    token: &SecretString,
    next: Option<&str>,
) -> Result<Page<Application>, SsoError> {
    // Only how the answer names the token is known; the question names it alike.
    let query: Vec<_> = next.map(|next| ("paginationToken", next)).into_iter().collect();
    let answer = get(http, org, token, "/instance/appinstances", &query).await?;
    if answer.status.as_u16() == 404 {
        return Err(SsoError::Forbidden);
    }
    let page: Instances = answer.json()?;
    let rows =
        page.result.into_iter().filter(|instance| !instance.is_account()).map(|instance| Application {
            // What the person sees in the portal; the application's kind or the id where it has no name.
            name: [instance.name, instance.application_name]
                .into_iter()
                .flatten()
                .find(|name| !name.trim().is_empty())
                .unwrap_or_else(|| instance.id.clone()),
            description: instance.description.filter(|text| !text.trim().is_empty()),
            icon: instance
                .icon
                .and_then(|icon| icons::own(org, &icon))
                .map(|address| Icon { address, picture: None }),
            id: AppId::new(instance.id),
        });
    Ok(Page { rows: rows.collect(), next: more(page.pagination_token) })
}
