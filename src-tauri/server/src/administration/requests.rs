//! `/admin/requests`: what became of requests for access.

use jiff::Timestamp;

use super::{
    Administrator, Answer, moment,
    page::{Cell, Link, Page, Paged, Part, ROWS, Table, Tone, way},
};
use crate::{
    fields::Fields,
    signin::PageError,
    store::{AccessRequest, RequestState, RequestStatus, Wanted},
};

const PAGE: &str = "/admin/requests";

/// Those that failed.
pub fn way_to_failed() -> String {
    way(PAGE, [("state", "failed")])
}

/// GET `/admin/requests`: all, or those of a `state`.
pub fn list(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let store = &of.instance.store;
    let (state, which) = match fields.get("state") {
        Some("failed") => (Some(RequestState::Failed), "failed"),
        Some("open") => (Some(RequestState::InProgress), "open"),
        _ => (None, ""),
    };
    let before = fields.get("after").and_then(position);
    let found = store.latest_access_requests(state, before, ROWS + 1)?;
    let found = Paged::by(found, |last| format!("{}.{}", last.created.as_millisecond(), last.id));
    let rows = found.rows.iter().map(|request| row(of, request)).collect::<Result<Vec<_>, _>>()?;
    let ways = |after: &str| {
        way(PAGE, [("state", which), ("after", after)].into_iter().filter(|(_, value)| !value.is_empty()))
    };
    let (caption, empty) = match state {
        None => (
            "Requests for access, the newest first",
            "Nothing was requested yet. Give access to accounts, and the request is listed here.",
        ),
        Some(RequestState::Failed) => {
            ("Requests for access that failed, the newest first", "No request has failed.")
        }
        Some(RequestState::InProgress) => {
            ("Requests for access in progress, the newest first", "No request is in progress.")
        }
    };
    let table = Table {
        caption: caption.to_owned(),
        columns: vec!["When", "What", "Permission set", "Account", "For", "State"],
        rows,
        empty,
        next: found.next.as_deref().map(ways),
        first: before.map(|_| ways("")),
    };
    let note = "An assignment acts when its request says SUCCEEDED.";
    let is_open = !store.latest_access_requests(Some(RequestState::InProgress), None, 1)?.is_empty();
    let still = is_open.then(|| {
        Part::Banner(
            Tone::Warning,
            "Some requests are in progress. Load this page again to see what became of them.".to_owned(),
        )
    });
    let page = Page::new("Requests")
        .with(Part::Note(note.to_owned()))
        .with_some(still)
        .with(Part::Links(vec![
            Link::new(ways(""), "Load again"),
            Link::new("/admin/assign", "Give access to accounts"),
        ]))
        .with(Part::Links(vec![
            Link::new(PAGE, "All requests"),
            Link::new(way_to_failed(), "Those that failed"),
            Link::new(way(PAGE, [("state", "open")]), "Those in progress"),
        ]))
        .with(Part::Table(table));
    Ok(page.show(of))
}

/// The request that a page begins after: the moment it was made, in milliseconds, and its id.
fn position(after: &str) -> Option<(Timestamp, &str)> {
    let (moment, id) = after.split_once('.')?;
    Some((Timestamp::from_millisecond(moment.parse().ok()?).ok()?, id))
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
