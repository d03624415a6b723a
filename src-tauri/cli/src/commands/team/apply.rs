//! `latch team show` and `latch team apply`.

use super::{overview, shared, words};
use crate::{
    access::Access,
    args::team::Apply,
    commands::profiles::write,
    find::{Stop, ask},
    out, pick,
};
use adapters::team::{self, Read};
use engine::model::{aws_config::comparable, rules::Rule, team::TeamFile};
use link::{Endpoints, Overview, Request, Team};
use std::{collections::BTreeMap, path::Path};

/// How a file's signer stands to what is remembered.
enum Trust {
    /// Nobody signed, and nobody ever did.
    Unsigned,
    /// A signer that was not seen before.
    New(String),
    /// The one that signed before.
    Known(String),
    /// Another one than before, or none. What it is about, and who signed before.
    Changed { claim: String, before: String, now: Option<String> },
}

/// What a file would change here.
struct Preview {
    read: Read,
    trust: Trust,
    /// Organisations that are not there yet, by their place in the file.
    new: Vec<usize>,
    rules: Vec<Rule>,
    template: Option<String>,
    now: Team,
}

/// `latch team show`. Ends with 1 when the signer is not the one of before.
pub fn show(access: &mut Access, file: &Path, json: bool) -> Result<u8, Stop> {
    let preview = look(access, file)?;
    if json {
        out::json(&as_json(&preview));
    } else {
        lines(&preview).iter().for_each(|line| out::line(line));
    }
    Ok(if matches!(preview.trust, Trust::Changed { .. }) { crate::exit::FAILED } else { 0 })
}

/// `latch team apply`.
pub fn apply(access: &mut Access, wanted: &Apply, json: bool) -> Result<u8, Stop> {
    let preview = look(access, &wanted.file)?;
    lines(&preview).iter().for_each(|line| out::tell(line));
    trusted(&preview.trust, wanted)?;
    if wanted.consent.dry_run {
        return done(&preview, json, false);
    }
    if !wanted.consent.yes {
        write::agree("Take this over?")?;
    }
    let mut failed = false;
    for at in &preview.new {
        let org = &preview.read.file.organisations[*at];
        let endpoints = org.endpoints.as_ref().map(|it| Endpoints {
            oidc: it.oidc.to_string(),
            portal: it.portal.to_string(),
            federation: it.federation.to_string(),
            sts: it.sts.to_string(),
        });
        let wish = Request::AddOrganisation {
            typed: org.start_url.to_string(),
            region: Some(org.region.clone()),
            endpoints,
            name: Some(org.name.clone()),
        };
        match ask(access, &wish) {
            Ok(_) => {}
            Err(Stop::Problem(problem)) => {
                out::problem(&problem);
                failed = true;
            }
            Err(left) => return Err(left),
        }
    }
    ask(access, &Request::AdoptTeam(adopted(&preview)))?;
    let status = done(&preview, json, true)?;
    Ok(if failed { crate::exit::NO_ANSWER } else { status })
}

/// Reads, verifies and compares; nothing is changed.
fn look(access: &mut Access, file: &Path) -> Result<Preview, Stop> {
    let read = team::read(file).map_err(|error| words::unreadable(file, &error))?;
    read.file.check().map_err(|fault| words::fault(file, &fault))?;
    let now = shared(access)?;
    let trust = trust(&read, &now.signers);
    let here = overview(access)?;
    let new = read.file.organisations.iter().enumerate();
    let new = new.filter(|(_, org)| !is_known(&here, org.start_url.as_str())).map(|(at, _)| at).collect();
    let rules = read.file.rules.iter().filter(|rule| !now.rules.contains(&words_of(rule))).cloned().collect();
    let template = read.file.template.clone().filter(|it| now.template.as_ref() != Some(it));
    Ok(Preview { trust, new, rules, template, now, read })
}

fn is_known(now: &Overview, start_url: &str) -> bool {
    now.organisations.iter().any(|org| comparable(&org.start_url) == comparable(start_url))
}

/// The first signer of a team and of each of its start URLs counts.
fn trust(read: &Read, pinned: &BTreeMap<String, String>) -> Trust {
    let claims = read.file.claims();
    let other = claims.iter().find_map(|claim| {
        let before = pinned.get(claim)?;
        (Some(before) != read.signer.as_ref()).then(|| (claim.clone(), before.clone()))
    });
    match (other, &read.signer) {
        (Some((claim, before)), now) => Trust::Changed { claim, before, now: now.clone() },
        (None, Some(now)) if claims.iter().any(|claim| pinned.contains_key(claim)) => {
            Trust::Known(now.clone())
        }
        (None, Some(now)) => Trust::New(now.clone()),
        (None, None) => Trust::Unsigned,
    }
}

fn trusted(trust: &Trust, wanted: &Apply) -> Result<(), Stop> {
    match trust {
        Trust::Known(_) | Trust::New(_) => Ok(()),
        Trust::Unsigned if wanted.unsigned => Ok(()),
        Trust::Unsigned => Err(Stop::new(
            "unsigned",
            "Nobody signed this file",
            "Nothing was taken over. If you know where it comes from: --unsigned",
        )),
        Trust::Changed { now: Some(now), .. } if wanted.new_signer.as_ref() == Some(now) => Ok(()),
        Trust::Changed { now: Some(_), .. } => Err(Stop::new(
            "other_signer",
            "The signer is not the one of before",
            "Nothing was taken over. Ask your team by another way than the file came; if the new fingerprint \
             is right, give it with --new-signer.",
        )),
        Trust::Changed { now: None, .. } => Err(Stop::new(
            "other_signer",
            "This was signed before, and now nobody signed it",
            "Nothing was taken over. Ask your team for the signed file.",
        )),
    }
}

fn adopted(preview: &Preview) -> Team {
    let file = &preview.read.file;
    let signers = preview
        .read
        .signer
        .iter()
        .flat_map(|signer| file.claims().into_iter().map(|claim| (claim, signer.clone())));
    let colours = file.organisations.iter().filter_map(|org| {
        let word = serde_json::to_value(org.colour?).ok()?;
        Some((comparable(org.start_url.as_str()), word.as_str()?.to_owned()))
    });
    Team {
        rules: preview.rules.iter().map(words_of).collect(),
        template: preview.template.clone(),
        signers: signers.collect(),
        colours: colours.collect(),
    }
}

/// As the configuration file has them.
fn words_of(rule: &Rule) -> [String; 3] {
    let word = |value: serde_json::Result<serde_json::Value>| {
        value.ok().and_then(|it| it.as_str().map(ToOwned::to_owned)).unwrap_or_default()
    };
    [
        word(serde_json::to_value(rule.field)),
        rule.pattern.clone(),
        word(serde_json::to_value(rule.environment)),
    ]
}

fn lines(preview: &Preview) -> Vec<String> {
    let TeamFile { name, organisations, template, .. } = &preview.read.file;
    let mut lines = vec![format!("Team {}", pick::plain(name))];
    lines.extend(match &preview.trust {
        Trust::Known(signer) => vec![format!("Signed by {signer}, as before")],
        Trust::New(signer) => vec![
            format!("Signed by {signer}, who was not seen before"),
            "Compare the fingerprint with what the team tells you by another way.".to_owned(),
        ],
        Trust::Unsigned => vec!["Nobody signed it: anybody may have written or changed it".to_owned()],
        Trust::Changed { claim, before, now } => vec![
            "ALARM: the signer changed".to_owned(),
            format!("  {} was signed by {before}", pick::plain(claim)),
            format!("  this file is signed by {}", now.as_deref().unwrap_or("nobody")),
        ],
    });
    for (at, org) in organisations.iter().enumerate() {
        let colour = org.colour.and_then(|it| serde_json::to_value(it).ok());
        let colour =
            colour.as_ref().and_then(|it| it.as_str()).map(|it| format!(", {it}")).unwrap_or_default();
        let own = org.endpoints.as_ref().map(services).unwrap_or_default();
        let sign = if preview.new.contains(&at) { "+" } else { " " };
        lines.push(format!(
            "{sign} {}: {} ({}{colour}{own})",
            pick::plain(&org.name),
            org.start_url,
            org.region
        ));
    }
    for rule in &preview.read.file.rules {
        let sign = if preview.rules.contains(rule) { "+" } else { " " };
        let [field, pattern, environment] = words_of(rule);
        lines.push(format!("{sign} {environment} where an account's {field} fits {}", pick::plain(&pattern)));
    }
    if let Some(template) = template {
        match (&preview.template, &preview.now.template) {
            (Some(new), before) => {
                let before = before.as_deref().unwrap_or(engine::model::naming::USUAL);
                lines.push(format!("+ profiles are named {new} instead of {before}"));
            }
            (None, _) => lines.push(format!("  profiles are named {template}")),
        }
    }
    lines.push("+ is new here; your own rules come first.".to_owned());
    lines
}

/// Who gets the sign-in: to be looked at before it is agreed to.
fn services(endpoints: &engine::model::organisation::Endpoints) -> String {
    let all = [&endpoints.oidc, &endpoints.portal, &endpoints.federation, &endpoints.sts];
    let mut hosts: Vec<String> = all.iter().map(|url| url.origin().ascii_serialization()).collect();
    hosts.sort();
    hosts.dedup();
    format!(", served by {}", hosts.join(", "))
}

fn as_json(preview: &Preview) -> serde_json::Value {
    let trust = match &preview.trust {
        Trust::Unsigned => "unsigned",
        Trust::New(_) => "new_signer",
        Trust::Known(_) => "known_signer",
        Trust::Changed { .. } => "changed_signer",
    };
    let new: Vec<_> =
        preview.new.iter().map(|at| preview.read.file.organisations[*at].start_url.to_string()).collect();
    serde_json::json!({
        "team": preview.read.file, "signer": preview.read.signer, "trust": trust,
        "new_organisations": new, "new_rules": preview.rules, "new_template": preview.template,
    })
}

fn done(preview: &Preview, json: bool, taken: bool) -> Result<u8, Stop> {
    if json {
        let mut value = as_json(preview);
        value["applied"] = taken.into();
        out::json(&value);
    } else if taken {
        out::tell("Taken over. Sign in to new organisations with: latch login NAME");
    } else {
        out::tell("Nothing was taken over.");
    }
    Ok(0)
}
