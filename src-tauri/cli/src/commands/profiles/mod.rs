//! `latch profiles`: the profiles of the AWS config file that are ours, and what becomes of them.

mod add;
mod import;
mod list;
mod program;
mod sync;
mod words;
pub mod write;
mod written;

pub use words::template as template_fault;
pub use written::written;

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

/// Those that are meant: all, or the one that is named. The sample organisation has files of its own.
fn meant<'a>(now: &'a Overview, wanted: Option<&str>) -> Result<Vec<&'a Organisation>, Stop> {
    let named = |org: &&Organisation| {
        wanted.is_none_or(|wanted| {
            org.name.eq_ignore_ascii_case(wanted) || org.id == wanted || org.start_url == wanted
        })
    };
    let found: Vec<_> = now.organisations.iter().filter(named).collect();
    match (found.as_slice(), wanted) {
        ([], Some(wanted)) => {
            let title = format!("No organisation is called {}", pick::plain(wanted));
            return Err(Stop::new("not_found", &title, "See which there are: latch status"));
        }
        ([], None) => {
            let next = "Add one: latch login https://YOURS.awsapps.com/start";
            return Err(Stop::new("not_found", "No organisation was added yet", next));
        }
        (all, _) if all.iter().all(|org| is_sample(org)) => return Err(sample()),
        _ => {}
    }
    Ok(found.into_iter().filter(|org| !is_sample(org)).collect())
}

fn is_sample(org: &Organisation) -> bool {
    org.kind == "sandbox"
}

fn sample() -> Stop {
    let next = "It has files of its own. Keep a profile of it in the window, or use latch exec.";
    Stop::new("unsupported", "Nothing of the sample organisation is written to your AWS files", next)
}

/// AWS's tools know the servers of AWS alone; those of others are asked by latch.
fn delivery(wanted: Option<Delivery>, org: &Organisation) -> Delivery {
    let rest = org.start_url.split_once("://").map_or(org.start_url.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    let aws = engine::model::partition::is_aws_portal(host);
    wanted.unwrap_or(if aws { Delivery::Sso } else { Delivery::Process })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_sample_organisation_stays_out_of_the_persons_files() {
        let org = |name: &str, kind: &str| {
            serde_json::json!({
                "id": name, "name": name, "start_url": "http://localhost:1/start", "region": "eu-west-1",
                "sign_in": "signed_in", "accounts": 1, "kind": kind,
            })
        };
        let with = |orgs: Vec<serde_json::Value>| -> Overview {
            let all = serde_json::json!({ "at": "", "organisations": orgs, "profiles": [], "online": true });
            serde_json::from_value(all).unwrap()
        };
        let both = with(vec![org("Sample", "sandbox"), org("Acme", "aws")]);
        let names: Vec<_> = meant(&both, None).unwrap().iter().map(|org| org.name.as_str()).collect();
        assert_eq!(names, ["Acme"]);
        assert!(meant(&both, Some("sample")).is_err() && meant(&both, Some("nobody")).is_err());
        assert!(meant(&with(vec![org("Sample", "sandbox")]), None).is_err());
        assert!(meant(&with(Vec::new()), None).is_err());
    }
}
