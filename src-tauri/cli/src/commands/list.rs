//! `latch ls`: what can be opened.

use crate::{
    access::Access,
    find::{self, Stop},
    out, pick,
    rank::{Item, search},
};
use link::Listing;
use view::words::group_account_id;

/// `latch ls`.
pub fn list(access: &mut Access, query: &str, json: bool) -> Result<u8, Stop> {
    let items = find::items(access)?;
    let found: Vec<&Item> = if query.is_empty() { items.iter().collect() } else { search(&items, query) };
    if json {
        let mut listing = Listing::default();
        for item in found {
            match item {
                Item::Role(role) => listing.roles.push(role.clone()),
                Item::App(app) => listing.apps.push(app.clone()),
            }
        }
        out::json(&listing);
        return Ok(0);
    }
    if found.is_empty() {
        let title = if query.is_empty() {
            "Nothing is listed".to_owned()
        } else {
            format!("Nothing fits \"{query}\"")
        };
        return Err(Stop::new("not_found", &title, "Sign in first: latch login"));
    }
    let several = items.iter().any(|item| org(item) != items.first().map_or("", org));
    let rows: Vec<_> = found.into_iter().map(|item| row(item, several)).collect();
    out::table(&rows).iter().for_each(|line| out::line(line));
    Ok(0)
}

fn org(item: &Item) -> &str {
    match item {
        Item::Role(role) => &role.org_name,
        Item::App(app) => &app.org_name,
    }
}

fn row(item: &Item, with_org: bool) -> Vec<String> {
    let mut cells = match item {
        Item::Role(role) => vec![
            pick::chip(&role.environment).unwrap_or("-").to_owned(),
            group_account_id(&role.account),
            format!("{}/{}", pick::plain(&role.account_name), pick::plain(&role.role)),
            role.profiles.iter().map(|name| pick::plain(name)).collect::<Vec<_>>().join(", "),
        ],
        Item::App(app) => vec!["APP".to_owned(), String::new(), pick::plain(&app.name), String::new()],
    };
    if with_org {
        cells.insert(3, pick::plain(org(item)));
    }
    cells
}
