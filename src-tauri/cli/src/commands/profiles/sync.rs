//! `latch profiles sync`: a profile for every role that can be reached.

use super::{delivery, meant, overview, program, words, write};
use crate::{
    access::Access,
    args::profiles::{Delivery, Sync},
    find::{self, Stop, ask},
    out, pick,
    rank::Item,
};
use adapters::profiles::{
    AwsProfiles, ConfigListing, Origin, ProfileName, Removal, Way, Whose, Wish, is_role,
};
use engine::model::naming::{self, Facts, Nameless, Template};
use link::{ListedRole, Organisation, Request};
use std::collections::{BTreeMap, BTreeSet};

/// A role, its organisation, and whether others have one of that account and name.
struct Reached<'a> {
    role: ListedRole,
    org: &'a Organisation,
    origin: Origin,
    ambiguous: bool,
}

/// `latch profiles sync`.
pub fn sync(access: &mut Access, files: &AwsProfiles, wanted: &Sync, json: bool) -> Result<u8, Stop> {
    let now = overview(access)?;
    let chosen = wanted.template.as_deref().or(now.template.as_deref()).unwrap_or(naming::USUAL);
    let template = Template::parse(chosen).map_err(|error| words::template(chosen, &error))?;
    let orgs = meant(&now, wanted.organisation.as_deref())?;
    let fresh = list_anew(access, &orgs)?;
    let (reached, odd) = possible(reached(access, &orgs)?);
    if !json {
        for it in &odd {
            out::tell(&format!("{} gets no profile: AWS could not have such a role.", pick::plain(it)));
        }
    }
    let listing = files.listing().map_err(|e| words::not_changed(&e.into()))?;
    let elsewhere = files.in_credentials().map_err(|e| words::not_changed(&e.into()))?;

    let names = named(&template, &reached, &listing, &elsewhere, wanted.region.as_deref());
    let mut wishes = Vec::new();
    for (it, name) in reached.iter().zip(&names) {
        wishes.push(wish(it, name, wanted)?);
    }
    let stale = stale(&listing, &reached, &names, &fresh, &now.organisations, wanted.organisation.is_none());
    let removals = removals(&stale, wanted);
    let more = serde_json::json!({ "stale": stale, "template": chosen, "left_out": odd });
    let done = write::carry_out(files, &wishes, &removals, wanted.consent, json, more)?;
    if removals.is_empty() && !stale.is_empty() && !json {
        out::tell(&format!(
            "Of roles that you cannot reach any more: {}. They stay until you say --remove-stale.",
            stale.join(", ")
        ));
    }
    if done && wanted.template.is_some() && now.template.as_deref() != Some(chosen) {
        let template = (chosen != naming::USUAL).then(|| chosen.to_owned());
        ask(access, &Request::SetNaming { template })?;
    }
    Ok(0)
}

/// Has the lists made anew; those organisations whose list is complete now.
fn list_anew<'a>(access: &mut Access, orgs: &[&'a Organisation]) -> Result<Vec<&'a Organisation>, Stop> {
    let (mut fresh, mut last) = (Vec::new(), None);
    let mut known = false;
    for org in orgs {
        match ask(access, &Request::Sync { org: org.id.clone() }) {
            Ok(_) => fresh.push(*org),
            Err(Stop::Problem(problem)) => {
                if org.synced.is_some() {
                    known = true;
                    out::problem(&problem);
                    out::tell(&format!(
                        "{}: what it listed before is used, and no profile of it counts as gone.",
                        pick::plain(&org.name)
                    ));
                }
                last = Some(problem);
            }
            Err(left) => return Err(left),
        }
    }
    match last {
        Some(problem) if fresh.is_empty() && !known => Err(Stop::Problem(problem)),
        _ => Ok(fresh),
    }
}

/// Each role once, though several of a person's users may have it.
fn reached<'a>(access: &mut Access, orgs: &[&'a Organisation]) -> Result<Vec<Reached<'a>>, Stop> {
    let roles: Vec<ListedRole> = find::items(access)?
        .into_iter()
        .filter_map(|item| match item {
            Item::Role(role) => Some(role),
            Item::App(_) => None,
        })
        .collect();
    let mut holders: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for role in &roles {
        holders.entry((&role.account, &role.role)).or_default().insert(&role.org);
    }
    let mut seen = BTreeSet::new();
    let mut reached = Vec::new();
    for role in &roles {
        let Some(org) = orgs.iter().find(|org| org.id == role.org) else { continue };
        let origin = Origin::reachable(&org.start_url, &role.account, &role.role);
        if seen.insert(origin.to_string()) {
            let ambiguous =
                holders.get(&(role.account.as_str(), role.role.as_str())).is_some_and(|it| it.len() > 1);
            reached.push(Reached { role: role.clone(), org, origin, ambiguous });
        }
    }
    Ok(reached)
}

/// Without the roles that AWS could not have, whose names may be made for a shell to trip over; those as
/// ACCOUNT/ROLE.
fn possible(reached: Vec<Reached<'_>>) -> (Vec<Reached<'_>>, Vec<String>) {
    let (good, odd): (Vec<_>, Vec<_>) =
        reached.into_iter().partition(|it| is_role(&it.role.account, &it.role.role));
    (good, odd.iter().map(|it| format!("{}/{}", it.role.account, it.role.role)).collect())
}

fn named(
    template: &Template,
    reached: &[Reached<'_>],
    listing: &ConfigListing,
    elsewhere: &[(String, bool)],
    region: Option<&str>,
) -> Vec<String> {
    let standing: BTreeMap<String, &str> = listing
        .profiles
        .iter()
        .filter_map(|profile| match &profile.whose {
            Whose::Ours(origin @ Origin::Reachable { .. }) => {
                Some((origin.to_string(), profile.name.as_str()))
            }
            _ => None,
        })
        .collect();
    let nameless: Vec<Nameless> = reached
        .iter()
        .map(|it| Nameless {
            facts: Facts {
                account: it.role.account_name.clone(),
                account_id: it.role.account.clone(),
                role: it.role.role.clone(),
                organisation: it.org.name.clone(),
                start_url: it.org.start_url.clone(),
                region: region.unwrap_or(&it.org.region).to_owned(),
                environment: it.role.environment.clone(),
            },
            standing: standing.get(&it.origin.to_string()).map(|name| (*name).to_owned()),
        })
        .collect();
    let in_config = listing.profiles.iter().map(|profile| profile.name.to_lowercase());
    let others = elsewhere.iter().map(|(name, _)| name.to_lowercase());
    let taken: BTreeSet<String> = in_config.chain(others).chain(["default".to_owned()]).collect();
    naming::assign(template, &nameless, &|name| taken.contains(&name.to_lowercase()))
}

fn wish(it: &Reached<'_>, name: &str, wanted: &Sync) -> Result<Wish, Stop> {
    let ListedRole { account, role, .. } = &it.role;
    let refused =
        |error: &dyn std::fmt::Display| Stop::new("failed", &error.to_string(), "Use another template.");
    let way = match delivery(wanted.delivery, it.org) {
        Delivery::Sso => Way::Sso {
            start_url: it.org.start_url.clone(),
            region: it.org.region.clone(),
            account: account.clone(),
            role: role.clone(),
        },
        Delivery::Process => program::way(account, role, it.ambiguous.then_some(it.org.id.as_str()))?,
    };
    Ok(Wish {
        profile: ProfileName::new(name).map_err(|error| refused(&error))?,
        origin: it.origin.clone(),
        way,
        region: Some(wanted.region.clone().unwrap_or_else(|| it.org.region.clone())),
        region_too: wanted.region.is_some(),
        take_over: None,
    })
}

/// Profiles of ours whose role is gone, or has another name now. One of an organisation that could not be
/// asked is neither.
fn stale(
    listing: &ConfigListing,
    reached: &[Reached<'_>],
    names: &[String],
    fresh: &[&Organisation],
    known: &[Organisation],
    all: bool,
) -> Vec<String> {
    let of = |org: &Organisation, url: &str| matches!(Origin::reachable(&org.start_url, "", ""), Origin::Reachable { start_url, .. } if start_url == url);
    let gone = |name: &str, origin: &Origin| {
        let Origin::Reachable { start_url, .. } = origin else { return false };
        // Every user of one start URL has to have been asked: what one cannot reach the other may.
        let here: Vec<_> = known.iter().filter(|org| of(org, start_url)).collect();
        let asked = here.iter().all(|org| fresh.iter().any(|it| it.id == org.id));
        let renamed = reached.iter().zip(names).any(|(it, now)| it.origin == *origin && now != name);
        let there = reached.iter().any(|it| it.origin == *origin);
        renamed || (!there && asked && (all || !here.is_empty()))
    };
    listing
        .profiles
        .iter()
        .filter(|it| matches!(&it.whose, Whose::Ours(origin) if gone(&it.name, origin)))
        .map(|it| it.name.clone())
        .collect()
}

fn removals(stale: &[String], wanted: &Sync) -> Vec<Removal> {
    let asks = !wanted.remove_stale && !wanted.consent.yes && !wanted.consent.dry_run && out::can_ask();
    let remove = !stale.is_empty()
        && (wanted.remove_stale
            || (asks
                && write::yes(&format!(
                    "Of roles that you cannot reach any more: {}. Remove these profiles too?",
                    stale.join(", ")
                ))));
    let removal = |name: &String| Removal { profile: name.clone(), foreign_too: false };
    if remove { stale.iter().map(removal).collect() } else { Vec::new() }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_aws_could_not_have_gets_no_profile() {
        let org: Organisation = serde_json::from_value(serde_json::json!({
            "id": "o", "name": "Acme", "start_url": "https://acme.example/start", "region": "eu-west-1",
            "sign_in": "signed_in", "accounts": 1, "kind": "server",
        }))
        .unwrap();
        let reached = |role: &str| {
            let Item::Role(role) = crate::rank::tests::role("111122223333", "pay", role, "production") else {
                panic!()
            };
            let origin = Origin::reachable(&org.start_url, &role.account, &role.role);
            Reached { role, org: &org, origin, ambiguous: false }
        };
        let (good, odd) = possible(vec![reached("Dev"), reached("x$(id)"), reached("Read Only")]);
        let good: Vec<_> = good.iter().map(|it| it.role.role.as_str()).collect();
        assert_eq!(
            (good, odd),
            (vec!["Dev"], vec!["111122223333/x$(id)".into(), "111122223333/Read Only".to_owned()])
        );
    }
}
