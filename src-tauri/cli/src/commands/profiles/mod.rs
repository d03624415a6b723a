//! `latch profiles`: the profiles of the AWS config file that are ours, and what becomes of them.

mod add;
mod import;
mod list;
mod program;
mod sync;
mod words;
pub mod write;

pub use words::template as template_fault;

use crate::{
    access::Access,
    args::profiles::{Delivery, Profiles},
    find::{Stop, ask, unexpected},
    pick,
};
use adapters::{home::Home, profiles::AwsProfiles};
use link::{Organisation, Overview, Reply, Request};
use std::env;

/// `latch profiles`.
pub fn run(access: &mut Access, action: Option<Profiles>, json: bool) -> Result<u8, Stop> {
    let home =
        Home::resolve(&|name| env::var_os(name)).map_err(|e| Stop::new("failed", &e.to_string(), ""))?;
    let files = AwsProfiles::new(&|name| env::var_os(name), &home);
    match action.unwrap_or(Profiles::Ls) {
        Profiles::Ls => list::list(access, &files, json),
        Profiles::Sync(wanted) => sync::sync(access, &files, &wanted, json),
        Profiles::Add(wanted) => add::add(access, &files, &wanted, json),
        Profiles::Import(wanted) => import::import(access, &files, &home, &wanted, json),
        Profiles::Rm { name, force, consent } => add::remove(&files, &name, force, consent, json),
    }
}

fn overview(access: &mut Access) -> Result<Overview, Stop> {
    match ask(access, &Request::Overview)? {
        Reply::Overview(now) => Ok(now),
        _ => Err(unexpected()),
    }
}

/// Those that are meant: all, or the one that is named.
fn meant<'a>(now: &'a Overview, wanted: Option<&str>) -> Result<Vec<&'a Organisation>, Stop> {
    if now.organisations.is_empty() {
        let next = "Add one: latch login https://YOURS.awsapps.com/start";
        return Err(Stop::new("not_found", "No organisation was added yet", next));
    }
    let Some(wanted) = wanted else { return Ok(now.organisations.iter().collect()) };
    let named = |org: &&Organisation| {
        org.name.eq_ignore_ascii_case(wanted) || org.id == wanted || org.start_url == wanted
    };
    let found: Vec<_> = now.organisations.iter().filter(named).collect();
    if found.is_empty() {
        let title = format!("No organisation is called {}", pick::plain(wanted));
        return Err(Stop::new("not_found", &title, "See which there are: latch status"));
    }
    Ok(found)
}

/// AWS's tools know the servers of AWS alone; those of others are asked by latch.
fn delivery(wanted: Option<Delivery>, org: &Organisation) -> Delivery {
    let rest = org.start_url.split_once("://").map_or(org.start_url.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    let aws = engine::model::partition::is_aws_portal(host);
    wanted.unwrap_or(if aws { Delivery::Sso } else { Delivery::Process })
}
