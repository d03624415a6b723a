//! `latch team show` and `latch team apply`.

use super::{overview, shared, trust::Trust, words};
use crate::{
    access::Access,
    args::team::Apply,
    commands::profiles::write,
    find::{Stop, ask, unexpected},
    out, pick,
};
use adapters::team::{self, Read};
use engine::model::{aws_config::comparable, rules::Rule, team::TeamFile};
use link::{Endpoints, Lowered, Overview, Reply, Request, Team};
use std::path::Path;

/// What a file would change here.
struct Preview {
    read: Read,
    trust: Trust,
    /// Organisations that are not there yet, by their place in the file.
    new: Vec<usize>,
    rules: Vec<Rule>,
    /// Accounts that those make Latchkey ask less about.
    lowered: Vec<Lowered>,
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
    let seen = wanted.consent.dry_run || (!wanted.consent.yes && out::can_ask());
    preview.trust.refuse(wanted, seen)?;
    if wanted.consent.dry_run {
        return done(&preview, json, false);
    }
    if !wanted.consent.yes {
        write::agree("Take this over?")?;
    }
    lower(&preview.lowered, wanted)?;
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

/// Agrees to what is asked less about. A yes to everything does not count for it.
fn lower(lowered: &[Lowered], wanted: &Apply) -> Result<(), Stop> {
    if lowered.is_empty() || wanted.lower_safety {
        return Ok(());
    }
    let many = accounts(lowered.len());
    if wanted.consent.yes || !out::can_ask() {
        return Err(Stop::new(
            "not_confirmed",
            &format!("Nothing was taken over: Latchkey would ask less than now about {many}"),
            "They are marked with ! above. If they are right: --lower-safety",
        ));
    }
    if write::yes(&format!("Ask less than now about {many}?")) {
        Ok(())
    } else {
        Err(Stop::new("not_confirmed", "Not confirmed", "Nothing was taken over."))
    }
}

fn accounts(count: usize) -> String {
    if count == 1 { "1 account".to_owned() } else { format!("{count} accounts") }
}

/// Reads, verifies and compares; nothing is changed.
fn look(access: &mut Access, file: &Path) -> Result<Preview, Stop> {
    let read = team::read(file).map_err(|error| words::unreadable(file, &error))?;
    read.file.check().map_err(|fault| words::fault(file, &fault))?;
    let now = shared(access)?;
    let trust = Trust::of(&read, &now.signers);
    let here = overview(access)?;
    let new = read.file.organisations.iter().enumerate();
    let new = new.filter(|(_, org)| !is_known(&here, org.start_url.as_str())).map(|(at, _)| at).collect();
    let rules = read.file.rules.iter().filter(|rule| !now.rules.contains(&words_of(rule)));
    let rules: Vec<Rule> = rules.cloned().collect();
    let lowered = match ask(access, &Request::Lowered { rules: rules.iter().map(words_of).collect() })? {
        Reply::Lowered(lowered) => lowered,
        _ => return Err(unexpected()),
    };
    let template = read.file.template.clone().filter(|it| now.template.as_ref() != Some(it));
    Ok(Preview { trust, new, rules, lowered, template, now, read })
}

fn is_known(now: &Overview, start_url: &str) -> bool {
    now.organisations.iter().any(|org| comparable(&org.start_url) == comparable(start_url))
}

fn adopted(preview: &Preview) -> Team {
    let file = &preview.read.file;
    let signers = preview
        .read
        .signer
        .iter()
        .flat_map(|signer| file.claims().into_iter().map(|claim| (claim, signer.clone())));
    let colours = file
        .organisations
        .iter()
        .filter_map(|org| Some((comparable(org.start_url.as_str()), org.colour?.name().to_owned())));
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
    let mut lines = vec![format!("Team {}", pick::quoted(name))];
    lines.extend(match &preview.trust {
        Trust::Known(signer) => vec![format!("Signed by {signer}, as before")],
        Trust::New(signer) => vec![
            format!("Signed by {signer}, who was not seen before"),
            "Compare the fingerprint with what the team tells you by another way.".to_owned(),
        ],
        Trust::Unsigned => vec!["Nobody signed it: anybody may have written or changed it".to_owned()],
        Trust::Changed { before, now } => {
            let mut lines = vec!["ALARM: the signer changed".to_owned()];
            let earlier = |(claim, signer): &(String, String)| {
                format!("  {} was signed by {}", pick::quoted(claim), pick::plain(signer))
            };
            lines.extend(before.iter().map(earlier));
            lines.push(format!("  this file is signed by {}", now.as_deref().unwrap_or("nobody")));
            lines
        }
    });
    for (at, org) in organisations.iter().enumerate() {
        let colour = org.colour.map(|it| format!(", {}", it.name())).unwrap_or_default();
        let own = org.endpoints.as_ref().map(services).unwrap_or_default();
        let sign = if preview.new.contains(&at) { "+" } else { " " };
        lines.push(format!(
            "{sign} {} ({}{colour}{own}) {}",
            org.start_url,
            org.region,
            // Last and in quotes: whatever it says, it is a name.
            pick::quoted(&org.name)
        ));
    }
    for rule in &preview.read.file.rules {
        let sign = if preview.rules.contains(rule) { "+" } else { " " };
        let [field, pattern, environment] = words_of(rule);
        lines
            .push(format!("{sign} {environment} where an account's {field} fits {}", pick::quoted(&pattern)));
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
    if !preview.lowered.is_empty() {
        let many = accounts(preview.lowered.len());
        lines.push(format!("With these rules Latchkey asks less than now about {many}:"));
        lines.extend(preview.lowered.iter().map(|it| {
            let Lowered { org_name, account, account_name, now, then } = it;
            let number = view::words::group_account_id(account);
            let [name, org] = [account_name, org_name].map(|name| pick::quoted(name));
            format!("! {number}: {then} instead of {now}, {name} of {org}")
        }));
    }
    lines.push("+ is new here; your own rules come first.".to_owned());
    if !preview.rules.is_empty() {
        lines.push(
            "Rules count for the accounts of every organisation, and for those that come later.".to_owned(),
        );
    }
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
        "lowered": preview.lowered,
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
