//! `/admin/requests`: what became of requests for access.

use super::{
    Administrator, Answer, moment,
    page::{Cell, Link, Page, Part, Table, Tone},
};
use crate::{
    fields::Fields,
    signin::PageError,
    store::{AccessRequest, RequestStatus, Wanted},
};

/// Requests that the page shows.
const LATEST: u32 = 100;

/// GET `/admin/requests`.
pub fn list(of: &Administrator<'_>, _: &Fields) -> Answer {
    let requests = of.instance.store.latest_access_requests(LATEST)?;
    let open = requests.iter().any(|request| request.status == RequestStatus::InProgress);
    let rows = requests.iter().map(|request| row(of, request)).collect::<Result<Vec<_>, _>>()?;
    let table = Table {
        caption: "The latest requests for access, the newest first".to_owned(),
        columns: vec!["When", "What", "Permission set", "Account", "For", "State"],
        rows,
        empty: "Nothing was requested yet. Give access to accounts, and the request is listed here.",
        ..Table::default()
    };
    let note = "An assignment acts when its request says SUCCEEDED.";
    let still = open.then(|| {
        Part::Banner(
            Tone::Warning,
            "Some requests are in progress. Load this page again to see what became of them.".to_owned(),
        )
    });
    let page = Page::new("Requests")
        .with(Part::Note(note.to_owned()))
        .with_some(still)
        .with(Part::Links(vec![
            Link::new("/admin/requests", "Load again"),
            Link::new("/admin/assign", "Give access to accounts"),
        ]))
        .with(Part::Table(table));
    Ok(page.show(of))
}

fn row(of: &Administrator<'_>, request: &AccessRequest) -> Result<Vec<Cell>, PageError> {
    let (what, set, account, principal) = match &request.wanted {
        Wanted::Assign(a) => ("Assign", &a.permission_set, Some(a.account_id.as_str()), Some(&a.principal)),
        Wanted::Revoke(a) => ("Remove", &a.permission_set, Some(a.account_id.as_str()), Some(&a.principal)),
        Wanted::Provision { permission_set, account_id } => {
            ("Reapply", permission_set, account_id.as_deref(), None)
        }
    };
    let set = match of.instance.store.permission_set(set)? {
        Some(set) => Cell::Link(Link::new(super::permission_sets::way_to(&set.arn), set.name)),
        None => Cell::text("deleted"),
    };
    let account = match account {
        None => Cell::text("all that have it"),
        Some(id) => match of.instance.store.account(id)? {
            Some(account) => Cell::Link(Link::new(super::accounts::way_to(id), account.name)),
            None => Cell::Code(id.to_owned()),
        },
    };
    let principal = match principal {
        None => Cell::text("–"),
        Some(principal) => match super::accounts::principal(of, principal)? {
            Some((link, _)) => Cell::Link(link),
            None => Cell::text("deleted"),
        },
    };
    let state = match &request.status {
        RequestStatus::InProgress => Cell::Chip(Tone::Warning, "IN_PROGRESS"),
        RequestStatus::Succeeded => Cell::Chip(Tone::Good, "SUCCEEDED"),
        RequestStatus::Failed(why) => Cell::text(format!("FAILED: {why}")),
    };
    Ok(vec![Cell::text(moment(request.created)), Cell::text(what), set, account, principal, state])
}
