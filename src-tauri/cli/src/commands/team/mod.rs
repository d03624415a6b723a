//! `latch team`: what a team shares, in a signed file.

mod apply;
mod export;
mod trust;
mod words;

use crate::{
    access::Access,
    args::team::Team,
    find::{Stop, ask, unexpected},
};
use adapters::home::Home;
use link::{Overview, Reply, Request};
use std::env;

/// `latch team`.
pub fn run(access: &mut Access, action: Team, json: bool) -> Result<u8, Stop> {
    match action {
        Team::Export(wanted) => {
            let home = Home::resolve(&|name| env::var_os(name));
            let home = home.map_err(|error| Stop::new("failed", &error.to_string(), ""))?;
            export::export(access, &home, &wanted, json)
        }
        Team::Show { file } => apply::show(access, &file, json),
        Team::Apply(wanted) => apply::apply(access, &wanted, json),
    }
}

fn overview(access: &mut Access) -> Result<Overview, Stop> {
    match ask(access, &Request::Overview)? {
        Reply::Overview(now) => Ok(now),
        _ => Err(unexpected()),
    }
}

fn shared(access: &mut Access) -> Result<link::Team, Stop> {
    match ask(access, &Request::Team)? {
        Reply::Team(team) => Ok(team),
        _ => Err(unexpected()),
    }
}
