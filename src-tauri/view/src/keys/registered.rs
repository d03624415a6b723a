//! Where a key is a second factor of the person, as organisations tell.

use crate::{ui_keys::UiRegisterAt, words::clock};
use engine::{
    Snapshot,
    model::{
        keys::{Found, Known},
        sign_in::SignIn,
    },
    snapshot::OrganisationNow,
};
use jiff::tz::TimeZone;

/// Organisations whose server tells where keys are.
fn telling(s: &Snapshot) -> impl Iterator<Item = &OrganisationNow> {
    s.organisations.iter().filter(|o| o.offer.as_ref().is_some_and(|offer| offer.enrolment))
}

fn is_signed_in(o: &OrganisationNow) -> bool {
    matches!(o.sign_in, SignIn::SignedIn(_))
}

/// `Acme as "desk", added 3 Nov, as of 14:02`.
pub(super) fn at(s: &Snapshot, known: &Known, zone: &TimeZone) -> String {
    let (mut places, mut untold) = (Vec::new(), Vec::new());
    for o in telling(s) {
        let name = &o.organisation.name;
        match known.found.get(&o.organisation.id) {
            Some(Found::As(one)) => {
                let added =
                    one.added.map(|at| zone.to_datetime(at).strftime(", added %-d %b %Y").to_string());
                let told = s.keys.registered_at.get(&o.organisation.id);
                let age = told.map(|at| format!(", as of {}", clock(s.at, *at, zone)));
                places.push(format!(
                    "{name} as \"{}\"{}{}",
                    one.name,
                    added.unwrap_or_default(),
                    age.unwrap_or_default()
                ));
            }
            Some(Found::Untold) => untold.push(name.as_str()),
            Some(Found::No) | None => {}
        }
    }
    if !places.is_empty() {
        return places.join("; ");
    }
    if !untold.is_empty() {
        return format!("not known for {}: this key tells only with its PIN", untold.join(" and "));
    }
    let (mut all, mut signed_in) = (0, 0);
    for o in telling(s) {
        all += 1;
        signed_in += usize::from(is_signed_in(o));
    }
    match (all, signed_in) {
        (0, _) => "no organisation of yours tells where a key is registered",
        (_, 0) => "Sign in to see where this key is registered.",
        (_, _) if known.found.is_empty() => "looking",
        _ => "no organisation that you are signed in to",
    }
    .to_owned()
}

/// Where it can be registered.
pub(super) fn places(s: &Snapshot, known: &Known) -> Vec<UiRegisterAt> {
    let is_there = |o: &&OrganisationNow| matches!(known.found.get(&o.organisation.id), Some(Found::As(_)));
    telling(s)
        .filter(|o| is_signed_in(o) && !is_there(o))
        .map(|o| UiRegisterAt { org: o.organisation.id.to_string(), name: o.organisation.name.clone() })
        .collect()
}

/// Where a spare key is missing.
pub(super) fn spare(s: &Snapshot) -> Option<String> {
    let names: Vec<_> = s
        .keys
        .without_spare()
        .filter_map(|org| s.organisations.iter().find(|o| o.organisation.id == *org))
        .map(|o| o.organisation.name.clone())
        .collect();
    (!names.is_empty()).then(|| only_one(&names.join(" and ")))
}

/// Why a spare key is worth having.
pub(crate) fn only_one(places: &str) -> String {
    format!(
        "You have only one security key at {places}. Register a spare one, so that a lost key does not lock you out."
    )
}
