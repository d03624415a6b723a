//! `latch doctor`: what is wrong, what it means, and what can be repaired.

mod words;

use super::profiles::write;
use crate::{
    access::Access,
    exit,
    find::{Stop, ask, unexpected},
    out,
};
use adapters::{
    clock::SystemClock,
    doctor::{self, Finding, Repair, Site, What},
    home::Home,
    settings,
};
use link::{Overview, Reply, Request};
use std::{collections::BTreeMap, env};
use words::Words;

/// What became of a repair.
enum Done {
    Not,
    Repaired { kept: Option<String> },
    Failed { why: String },
}

/// `latch doctor`.
pub fn doctor(fix: bool, yes: bool, json: bool) -> Result<u8, Stop> {
    let home = Home::resolve(&|name| env::var_os(name));
    let home = home.map_err(|error| Stop::new("failed", &error.to_string(), ""))?;
    let found = look(&home);
    let repairs: Vec<&Repair> = found.iter().filter_map(|it| it.repair.as_ref()).collect();
    let mut done: BTreeMap<&Repair, Done> = BTreeMap::new();
    if !json {
        show(&found, fix);
    }
    if fix && !repairs.is_empty() {
        if !yes {
            agree(repairs.len())?;
        }
        for repair in repairs {
            // Several findings may have one repair.
            done.entry(repair).or_insert_with(|| match repair.make(write::now()) {
                Ok(it) => Done::Repaired { kept: it.kept.map(|path| path.display().to_string()) },
                Err(why) => Done::Failed { why },
            });
        }
    }
    let of = |it: &Finding| it.repair.as_ref().and_then(|repair| done.get(repair)).unwrap_or(&Done::Not);
    let left =
        found.iter().filter(|it| it.what.is_serious() && !matches!(of(it), Done::Repaired { .. })).count();
    if json {
        let all: Vec<_> = found.iter().map(|it| as_json(it, of(it))).collect();
        out::json(&serde_json::json!({ "findings": all, "serious_left": left }));
    } else {
        done.iter().for_each(|(repair, done)| told(repair, done));
        out::tell(&verdict(&found, left, done.is_empty()));
    }
    Ok(if left > 0 { exit::FAILED } else { 0 })
}

fn agree(repairs: usize) -> Result<(), Stop> {
    let many = if repairs == 1 { "this repair".to_owned() } else { format!("these {repairs} repairs") };
    if !out::can_ask() {
        let title = "Nothing was repaired: this has to be confirmed";
        return Err(Stop::new("not_confirmed", title, "Confirm with latch doctor --fix --yes."));
    }
    if write::yes(&format!("Make {many}?")) {
        Ok(())
    } else {
        Err(Stop::new("not_confirmed", "Not confirmed", "Nothing was repaired."))
    }
}

fn look(home: &Home) -> Vec<Finding> {
    let env = |name: &str| env::var_os(name);
    let us = env::current_exe().ok();
    let mut found = doctor::files(&env, home, us.as_deref(), write::now());
    found.extend(doctor::keyring(home));
    match overview() {
        Ok(now) => found.extend(network(home, &now)),
        Err(Stop::Problem(problem)) => {
            found.push(Finding { what: What::Failed { why: problem.title }, repair: None });
        }
        Err(Stop::Left) => {}
    }
    found
}

fn overview() -> Result<Overview, Stop> {
    let mut access = Access::open()?;
    match ask(&mut access, &Request::Overview)? {
        Reply::Overview(now) => Ok(now),
        _ => Err(unexpected()),
    }
}

fn network(home: &Home, now: &Overview) -> Vec<Finding> {
    let sites: Vec<Site> = now
        .organisations
        .iter()
        .map(|org| {
            let own = org.endpoints.iter().flat_map(|it| [&it.oidc, &it.portal, &it.federation, &it.sts]);
            let urls = std::iter::once(&org.start_url).chain(own);
            Site { organisation: org.name.clone(), urls: urls.filter_map(|url| url.parse().ok()).collect() }
        })
        .collect();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Vec::new();
    };
    let set = settings::network(home);
    let env = |name: &str| env::var_os(name);
    let found = runtime.block_on(doctor::network(&sites, &set, &env, &home.user, &SystemClock));
    let finding = |(organisation, host, trouble)| Finding {
        what: What::Network { organisation, host, trouble },
        repair: None,
    };
    found.into_iter().map(finding).collect()
}

fn show(found: &[Finding], fix: bool) {
    for it in found {
        let Words { title, meaning, next, .. } = words::of(&it.what);
        let sign = if it.what.is_serious() { "x" } else { "-" };
        out::line(&format!("{sign} {title}"));
        for text in [meaning, next].into_iter().filter(|text| !text.is_empty()) {
            out::line(&format!("    {text}"));
        }
        if let Some(repair) = &it.repair {
            let when = if fix { "To repair" } else { "latch doctor --fix" };
            out::line(&format!("    {when}: {}", words::repair(repair)));
        }
    }
}

fn told(repair: &Repair, done: &Done) {
    match done {
        Done::Not => {}
        Done::Repaired { kept: Some(kept) } => {
            out::tell(&format!("Done: {} What it was is in {kept}", words::repair(repair)));
        }
        Done::Repaired { kept: None } => out::tell(&format!("Done: {}", words::repair(repair))),
        Done::Failed { why } => out::error(&format!("Not done: {} {why}", words::repair(repair))),
    }
}

fn verdict(found: &[Finding], left: usize, untouched: bool) -> String {
    match (found.is_empty(), left) {
        (true, _) => "Nothing is wrong.".to_owned(),
        (false, 0) if untouched => "Nothing serious is wrong.".to_owned(),
        (false, 0) => "Nothing serious is left.".to_owned(),
        (false, 1) => "1 thing is wrong (x).".to_owned(),
        (false, left) => format!("{left} things are wrong (x)."),
    }
}

fn as_json(it: &Finding, done: &Done) -> serde_json::Value {
    let Words { check, title, meaning, next } = words::of(&it.what);
    let (repaired, kept, failed) = match done {
        Done::Not => (false, None, None),
        Done::Repaired { kept } => (true, kept.as_ref(), None),
        Done::Failed { why } => (false, None, Some(why)),
    };
    serde_json::json!({
        "check": check, "serious": it.what.is_serious(), "title": title, "meaning": meaning, "next": next,
        "repair": it.repair.as_ref().map(words::repair), "repaired": repaired, "kept": kept, "failed": failed,
    })
}
