//! Links to the pages that the browser is to show, for people to copy. They hold no token: the browser's own
//! session with the portal answers them, or the portal signs the person in first.

use crate::ask::UiRequest;
use engine::{
    Snapshot,
    model::ids::{AppRef, Grant, OrgId},
    snapshot::OrganisationNow,
};
use url::{Url, form_urlencoded::Serializer};

/// The portal's shortcut link to a role's console (IAM Identity Center User Guide, "Creating shortcut links to
/// AWS Management Console destinations").
pub(crate) fn of_console(s: &Snapshot, grant: &Grant) -> Option<String> {
    let mut link: Url = org(s, &grant.org)?.organisation.start_url.clone();
    if let Ok(mut path) = link.path_segments_mut() {
        path.pop_if_empty().push("");
    }
    link.set_query(None);
    let query = Serializer::new(String::new())
        .append_pair("account_id", grant.account.as_str())
        .append_pair("role_name", grant.role.as_str())
        .finish();
    link.set_fragment(Some(&format!("/console?{query}")));
    Some(link.into())
}

/// The portal's link to an application; `None` when it is not listed any more.
pub(crate) fn of_app(s: &Snapshot, app: &AppRef) -> Option<String> {
    let org = org(s, &app.org)?;
    let found = org.portal.applications.find(&app.app)?;
    Some(found.link(&org.organisation.start_url).into())
}

/// The portal's own page.
fn of_portal(s: &Snapshot, id: &str) -> Option<String> {
    let org = s.organisations.iter().find(|o| o.organisation.id.as_str() == id)?;
    Some(org.organisation.start_url.to_string())
}

/// The page that a request opens; `None` for one that opens none.
pub(crate) fn of_request(s: &Snapshot, request: &UiRequest) -> Option<String> {
    match request {
        UiRequest::OpenPortal { org } => of_portal(s, org),
        UiRequest::OpenConsole { grant, .. } => of_console(s, &Grant::try_from(grant.clone()).ok()?),
        UiRequest::OpenApp { app } => of_app(s, &AppRef::try_from(app.clone()).ok()?),
        UiRequest::Confirmed { request, .. } => of_request(s, request),
        _ => None,
    }
}

fn org<'a>(s: &'a Snapshot, id: &OrgId) -> Option<&'a OrganisationNow> {
    s.organisations.iter().find(|o| o.organisation.id == *id)
}
