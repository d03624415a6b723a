//! `latch profiles import`: what other tools have set up.

use super::{delivery, overview, program, words, write};
use crate::{
    access::Access,
    args::profiles::{Delivery, Import, Tool},
    find::{self, Stop, ask},
    out, pick,
    rank::Item,
};
use adapters::{
    foreign::{self, ForeignProfile, Obstacle, SignIn, Tools},
    home::Home,
    profiles::{AwsProfiles, Origin, ProfileName, Way, Wish, is_role},
};
use engine::model::aws_config::{AwsConfig, ConfigProfile, comparable};
use link::{Organisation, Overview, Request};
use std::env;

/// A profile that stays as it is, and why.
type Left = (String, &'static str);

/// An organisation that was found.
struct Found {
    start_url: String,
    region: Option<String>,
    tools: Vec<&'static str>,
    profiles: usize,
}

/// `latch profiles import`.
pub fn import(
    access: &mut Access,
    files: &AwsProfiles,
    home: &Home,
    wanted: &Import,
    json: bool,
) -> Result<u8, Stop> {
    let meant = |tool: &str| wanted.from.is_empty() || wanted.from.iter().any(|it| name(*it) == tool);
    let mut tools = foreign::tools(&|name| env::var_os(name), home);
    tools.organisations.retain(|it| meant(it.tool));
    tools.leapp = tools.leapp.filter(|_| meant("Leapp"));
    let mut profiles = files.foreign().map_err(|e| words::not_changed(&e.into()))?;
    profiles.retain(|it| meant(it.tool));
    resolve(&mut profiles, &tools);
    let found = organisations(&profiles, &tools);
    let now = overview(access)?;
    if !json {
        tell(&found, &profiles, &tools, &now);
    }
    let failed = add(access, &found, &now, wanted)?;
    let now = overview(access)?;
    let (wishes, left) = wishes(access, &profiles, &now, wanted)?;
    let more = serde_json::json!({
        "organisations": found.iter().map(|it| serde_json::json!({
            "start_url": it.start_url, "region": it.region, "tools": it.tools, "profiles": it.profiles,
            "known": known(&now, &it.start_url).is_some(),
        })).collect::<Vec<_>>(),
        "left_alone": left.iter().map(|(name, why)| serde_json::json!({ "profile": name, "why": why })).collect::<Vec<_>>(),
    });
    if wanted.take_over {
        let block = profiles.iter().any(|it| it.tool == "aws-sso-cli" && it.obstacle.is_none());
        if block && !json {
            out::tell(
                "aws-sso writes anew what stands between # BEGIN_AWS_SSO and # END_AWS_SSO; stop using it, or the change is lost.",
            );
        }
        write::carry_out(files, &wishes, &[], wanted.consent, json, more)?;
    } else if json {
        out::json(&more);
    } else if !wishes.is_empty() {
        out::tell(&format!(
            "{} can become Latchkey's under their names: latch profiles import --take-over",
            counted(wishes.len())
        ));
    }
    Ok(if failed { crate::exit::NO_ANSWER } else { 0 })
}

fn name(tool: Tool) -> &'static str {
    match tool {
        Tool::Aws => "AWS CLI",
        Tool::Granted => "granted",
        Tool::AwsSsoCli => "aws-sso-cli",
        Tool::AwsVault => "aws-vault",
        Tool::Leapp => "Leapp",
    }
}

/// What a tool's own configuration calls an organisation is the start URL that it gives.
fn resolve(profiles: &mut [ForeignProfile], tools: &Tools) {
    for profile in profiles {
        let SignIn::Named(name) = &profile.sign_in else { continue };
        let org = tools.organisations.iter().find(|it| it.tool == profile.tool && it.name == *name);
        match org {
            Some(org) => {
                profile.sign_in = SignIn::At { start_url: org.start_url.clone(), region: org.region.clone() };
            }
            None => profile.obstacle = Some(Obstacle::Incomplete),
        }
    }
}

/// Grouped as the app groups those of the config file; one that has no profile yet counts too.
fn organisations(profiles: &[ForeignProfile], tools: &Tools) -> Vec<Found> {
    let of = |start_url: &str, region: &Option<String>, name: &str| ConfigProfile {
        name: name.to_owned(),
        start_url: Some(start_url.to_owned()),
        sso_region: region.clone(),
        ..ConfigProfile::default()
    };
    let listed = profiles.iter().filter_map(|it| match &it.sign_in {
        SignIn::At { start_url, region } => Some(of(start_url, region, &it.name)),
        _ => None,
    });
    let bare = tools.organisations.iter().map(|it| of(&it.start_url, &it.region, ""));
    let config = AwsConfig { profiles: listed.chain(bare).collect(), ..AwsConfig::default() };
    config
        .groups()
        .into_iter()
        .map(|group| {
            let here = |url: &str| comparable(url) == comparable(group.start_url);
            let mut names: Vec<&'static str> = profiles
                .iter()
                .filter(|it| matches!(&it.sign_in, SignIn::At { start_url, .. } if here(start_url)))
                .map(|it| it.tool)
                .chain(tools.organisations.iter().filter(|it| here(&it.start_url)).map(|it| it.tool))
                .collect();
            names.sort_unstable();
            names.dedup();
            Found {
                start_url: group.start_url.to_owned(),
                region: group.region.map(ToOwned::to_owned),
                tools: names,
                profiles: group.profiles.iter().filter(|it| !it.name.is_empty()).count(),
            }
        })
        .collect()
}

fn known<'a>(now: &'a Overview, start_url: &str) -> Option<&'a Organisation> {
    now.organisations.iter().find(|org| comparable(&org.start_url) == comparable(start_url))
}

fn tell(found: &[Found], profiles: &[ForeignProfile], tools: &Tools, now: &Overview) {
    let rows: Vec<_> = found
        .iter()
        .map(|it| {
            let state = if known(now, &it.start_url).is_some() { "added already" } else { "new" };
            vec![pick::plain(&it.start_url), it.tools.join(", "), counted(it.profiles), state.to_owned()]
        })
        .collect();
    out::table(&rows).iter().for_each(|line| out::line(line));
    for profile in profiles {
        let why = match profile.obstacle {
            Some(obstacle) => why(obstacle),
            None => continue,
        };
        out::tell(&format!("{} ({}) is left alone: {why}", pick::plain(&profile.name), profile.tool));
    }
    for (tool, path, why) in &tools.unread {
        out::tell(&format!("{} of {tool} cannot be read: {}", path.display(), pick::plain(why)));
    }
    if let Some(path) = &tools.leapp {
        out::tell(&format!(
            "Leapp keeps its organisations and sessions encrypted in {}, which Latchkey does not open. \
             Add an organisation by its start URL: latch login https://YOURS.awsapps.com/start",
            path.display()
        ));
    }
    if found.is_empty() {
        out::tell("Nothing of AWS SSO was found that Latchkey could take over.");
    }
}

fn why(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::AccessRequests => "its access is asked for through Granted each time.",
        Obstacle::OwnKeys => "it is of keys that aws-vault keeps, not of AWS SSO.",
        Obstacle::Encrypted => "what it stands for is in Leapp's encrypted file.",
        Obstacle::HoldsKeys => "it holds access keys of its own.",
        Obstacle::Incomplete => "start URL, account or role are not named.",
    }
}

/// Adds what is new, with the person's word; whether some did not answer.
fn add(access: &mut Access, found: &[Found], now: &Overview, wanted: &Import) -> Result<bool, Stop> {
    let mut failed = false;
    for it in found.iter().filter(|it| known(now, &it.start_url).is_none()) {
        if wanted.consent.dry_run {
            continue;
        }
        let shown = pick::plain(&it.start_url);
        let agreed =
            wanted.consent.yes || (out::can_ask() && write::yes(&format!("Add {shown} to Latchkey?")));
        if !agreed {
            out::tell(&format!("Not added: {shown}. Add it with --yes, or: latch login {shown}"));
            continue;
        }
        let typed = it.start_url.clone();
        let wish = Request::AddOrganisation { typed, region: it.region.clone(), endpoints: None, name: None };
        match ask(access, &wish) {
            Ok(_) => out::tell(&format!("Added {shown}. Sign in: latch login {shown}")),
            Err(Stop::Problem(problem)) => {
                out::problem(&problem);
                failed = true;
            }
            Err(left) => return Err(left),
        }
    }
    Ok(failed)
}

/// Profiles that become ours, and those that do not, with the reason.
fn wishes(
    access: &mut Access,
    profiles: &[ForeignProfile],
    now: &Overview,
    wanted: &Import,
) -> Result<(Vec<Wish>, Vec<Left>), Stop> {
    let (mut wishes, mut left) = (Vec::new(), Vec::new());
    let several = now.organisations.len() > 1;
    let listed = if several && !profiles.is_empty() { find::items(access)? } else { Vec::new() };
    for it in profiles {
        let (Some(account), Some(role), SignIn::At { start_url, .. }, None) =
            (&it.account, &it.role, &it.sign_in, it.obstacle)
        else {
            left.push((it.name.clone(), why(it.obstacle.unwrap_or(Obstacle::Incomplete))));
            continue;
        };
        let org = match which(now, start_url, wanted) {
            Which::One(org) => org,
            Which::NotAdded => {
                left.push((it.name.clone(), "its organisation was not added."));
                continue;
            }
            Which::Another => {
                left.push((it.name.clone(), "it is of another organisation."));
                continue;
            }
            Which::Several(names) => {
                let title = format!("You are several users of {}", pick::plain(start_url));
                let next = format!(
                    "Say whose the profiles become ({names}): latch profiles import --organisation NAME"
                );
                return Err(Stop::new("ambiguous", &title, &next));
            }
        };
        if !is_role(account, role) {
            left.push((it.name.clone(), "its account or role is none that AWS could have."));
            continue;
        }
        let Ok(profile) = ProfileName::new(&it.name) else {
            left.push((it.name.clone(), "its name cannot be read by every AWS tool."));
            continue;
        };
        let way = match delivery(None, org) {
            Delivery::Sso => Way::Sso {
                start_url: org.start_url.clone(),
                region: org.region.clone(),
                account: account.clone(),
                role: role.clone(),
            },
            Delivery::Process => {
                let holders = crate::rank::exactly(&listed, account, role);
                let others = holders.iter().any(|it| matches!(it, Item::Role(role) if role.org != org.id));
                program::way(account, role, others.then_some(org.id.as_str()))?
            }
        };
        let region = it.region.clone().or_else(|| Some(org.region.clone()));
        let take_over = Some(it.keys.clone());
        wishes.push(Wish { profile, origin: Origin::Added, way, region, region_too: false, take_over });
    }
    Ok((wishes, left))
}

/// Whose a profile of a start URL becomes.
enum Which<'a> {
    One(&'a Organisation),
    NotAdded,
    /// Not the one that was named.
    Another,
    /// One of these.
    Several(String),
}

fn which<'a>(now: &'a Overview, start_url: &str, wanted: &Import) -> Which<'a> {
    let here =
        |org: &&Organisation| comparable(&org.start_url) == comparable(start_url) && !super::is_sample(org);
    let all: Vec<&Organisation> = now.organisations.iter().filter(here).collect();
    let named: Vec<&Organisation> = match &wanted.organisation {
        Some(name) => {
            all.iter().copied().filter(|org| org.id == *name || org.name.eq_ignore_ascii_case(name)).collect()
        }
        None => all.clone(),
    };
    match named.as_slice() {
        [one] => Which::One(one),
        [] if all.is_empty() => Which::NotAdded,
        [] => Which::Another,
        several => {
            let shown = |org: &&Organisation| {
                pick::plain(&format!("{} ({})", org.id, org.user.as_deref().unwrap_or(&org.name)))
            };
            Which::Several(several.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
    }
}

fn counted(profiles: usize) -> String {
    if profiles == 1 { "1 profile".to_owned() } else { format!("{profiles} profiles") }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::args::{Command, Latch, profiles::Profiles};
    use clap::Parser;

    const URL: &str = "https://acme.awsapps.com/start";

    /// What is meant where two users of one organisation stand beside another one.
    fn meant(named: Option<&str>, start_url: &str) -> String {
        let org = |id: &str, user: &str, start_url: &str| {
            serde_json::json!({
                "id": id, "name": if start_url == URL { "Acme" } else { "Beta" }, "start_url": start_url,
                "region": "eu-west-1", "sign_in": "signed_in", "accounts": 1, "kind": "aws", "user": user,
            })
        };
        let orgs = [
            org("o-1", "sam", URL),
            org("o-2", "kim", URL),
            org("o-3", "bea", "https://b.awsapps.com/start"),
        ];
        let now = serde_json::json!({ "at": "", "organisations": orgs, "profiles": [], "online": true });
        let words = ["latch", "profiles", "import"].into_iter().map(ToOwned::to_owned);
        let words = words.chain(named.map(|name| format!("--organisation={name}")));
        let Command::Profiles { action: Some(Profiles::Import(wanted)) } =
            Latch::try_parse_from(words).unwrap().command
        else {
            panic!("another command")
        };
        match which(&serde_json::from_value(now).unwrap(), start_url, &wanted) {
            Which::One(org) => org.id.clone(),
            Which::NotAdded => "not added".to_owned(),
            Which::Another => "another".to_owned(),
            Which::Several(names) => names,
        }
    }

    #[test]
    fn of_several_users_one_has_to_be_named() {
        assert_eq!(meant(None, URL), "o-1 (sam), o-2 (kim)");
        assert_eq!(meant(Some("acme"), URL), "o-1 (sam), o-2 (kim)", "both are called so");
        assert_eq!(meant(Some("o-2"), &format!("{URL}/#/")), "o-2");
        assert_eq!(meant(Some("Beta"), URL), "another");
        assert_eq!(meant(None, "https://b.awsapps.com/start"), "o-3");
        assert_eq!(meant(Some("Beta"), "https://new.awsapps.com/start"), "not added");
    }
}
