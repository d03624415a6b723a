//! `latch team export`: what is shared, and nothing else.

use super::{overview, shared, words};
use crate::{access::Access, args::team::Export, find::Stop, out, pick};
use adapters::{
    home::Home,
    team::{self, TeamKey},
};
use engine::model::{
    aws_config::comparable,
    organisation::Endpoints,
    rules::Rule,
    team::{Colour, FORM, TeamFile, TeamOrganisation},
};
use link::Organisation;
use std::collections::BTreeMap;
use url::Url;

/// `latch team export`.
pub fn export(access: &mut Access, home: &Home, wanted: &Export, json: bool) -> Result<u8, Stop> {
    let now = overview(access)?;
    let shared = shared(access)?;
    let chosen = chosen(&now.organisations, &wanted.organisation)?;
    let mut colours = shared.colours;
    for given in &wanted.colour {
        let (name, word) = given.split_once('=').unwrap_or((given, ""));
        let org = chosen.iter().find(|org| named(org, name)).ok_or_else(|| {
            let title = format!("No organisation in the file is called {}", pick::plain(name));
            Stop::new("usage", &title, "Write it as NAME=COLOUR.")
        })?;
        colours.insert(comparable(&org.start_url), word.to_owned());
    }
    let file = TeamFile {
        latchkey_team: FORM,
        name: wanted.name.clone().unwrap_or_else(|| chosen[0].name.clone()),
        template: shared.template,
        organisations: chosen.iter().map(|org| organisation(org, &colours)).collect::<Result<_, _>>()?,
        rules: shared.rules.into_iter().map(rule).collect::<Result<_, _>>()?,
    };
    file.check().map_err(|fault| words::fault(&wanted.file, &fault))?;
    let text = team::text(&file).map_err(|error| words::unreadable(&wanted.file, &error))?;
    let key = if wanted.unsigned { None } else { Some(TeamKey::of(home)) };
    let key = key.transpose().map_err(|error| words::unreadable(&wanted.file, &error))?;
    let signer = team::write(&wanted.file, &text, key.as_ref())
        .map_err(|error| words::unreadable(&wanted.file, &error))?;
    if json {
        out::json(&serde_json::json!({ "file": wanted.file.display().to_string(), "signer": signer }));
        return Ok(0);
    }
    out::tell(&format!("Wrote {}: {}.", wanted.file.display(), contents(&file)));
    match signer {
        Some(signer) => out::tell(&format!(
            "Signed by {signer}. Tell your team this fingerprint on another way than the file goes."
        )),
        None => {
            out::tell("Nobody signed it: whoever can change it on its way can change what your team uses.");
        }
    }
    Ok(0)
}

fn chosen<'a>(known: &'a [Organisation], wanted: &[String]) -> Result<Vec<&'a Organisation>, Stop> {
    let mut chosen: Vec<&Organisation> = Vec::new();
    for org in known {
        let meant =
            if wanted.is_empty() { org.kind != "sandbox" } else { wanted.iter().any(|it| named(org, it)) };
        // Several of a person's users are one to a team.
        if meant && !chosen.iter().any(|it| comparable(&it.start_url) == comparable(&org.start_url)) {
            chosen.push(org);
        }
    }
    match wanted.iter().find(|it| !known.iter().any(|org| named(org, it))) {
        Some(unknown) => {
            let title = format!("No organisation is called {}", pick::plain(unknown));
            Err(Stop::new("not_found", &title, "See which there are: latch status"))
        }
        None if chosen.is_empty() => {
            let next = "Add one: latch login https://YOURS.awsapps.com/start";
            Err(Stop::new("not_found", "There is no organisation to share", next))
        }
        None => Ok(chosen),
    }
}

fn named(org: &Organisation, wanted: &str) -> bool {
    org.name.eq_ignore_ascii_case(wanted) || org.id == wanted || org.start_url == wanted
}

fn organisation(org: &Organisation, colours: &BTreeMap<String, String>) -> Result<TeamOrganisation, Stop> {
    let read = |text: &str| {
        let url: Result<Url, _> = text.parse();
        url.map_err(|error| Stop::new("failed", &format!("{text} is no address: {error}"), ""))
    };
    let colour = colours.get(&comparable(&org.start_url)).map(|word| colour(word)).transpose()?;
    let endpoints = match &org.endpoints {
        Some(it) if org.kind != "aws" => Some(Endpoints {
            oidc: read(&it.oidc)?,
            portal: read(&it.portal)?,
            federation: read(&it.federation)?,
            sts: read(&it.sts)?,
        }),
        _ => None,
    };
    let start_url = read(&org.start_url)?;
    Ok(TeamOrganisation { name: org.name.clone(), start_url, region: org.region.clone(), colour, endpoints })
}

fn colour(word: &str) -> Result<Colour, Stop> {
    serde_json::from_value(word.into()).map_err(|_| {
        let next = "Use pink, purple, darkBlue, lightBlue, teal, green, yellow, orange or red.";
        Stop::new("usage", &format!("\"{}\" is no colour of the AWS console", pick::plain(word)), next)
    })
}

fn rule([field, pattern, environment]: [String; 3]) -> Result<Rule, Stop> {
    let value = serde_json::json!({ "field": field, "pattern": pattern, "environment": environment });
    serde_json::from_value(value).map_err(|error| Stop::new("internal", &error.to_string(), ""))
}

/// In a few words.
pub fn contents(file: &TeamFile) -> String {
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let mut parts = vec![count(file.organisations.len(), "organisation"), count(file.rules.len(), "rule")];
    parts.extend(file.template.as_ref().map(|template| format!("the template {template}")));
    parts.join(", ")
}
