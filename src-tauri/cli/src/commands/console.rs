//! `latch console` and `latch open`: the browser.

use super::{done, keys};
use crate::{
    access::Access,
    args::Named,
    find::{self, Stop, ask, unexpected},
    pick,
    rank::Item,
};
use link::{Reply, Request, Role};

/// `latch console`. A profile's name means the role that feeds it.
pub fn console(
    access: &mut Access,
    whose: &Named,
    destination: Option<&str>,
    region: Option<&str>,
    json: bool,
) -> Result<u8, Stop> {
    let role = match &whose.name {
        Some(name) => match of_profile(access, name)? {
            Some(role) => role,
            None => keys::role(access, whose)?,
        },
        None => keys::role(access, whose)?,
    };
    let request = |confirmed| Request::OpenConsole {
        role: role.clone(),
        destination: destination.map(ToOwned::to_owned),
        region: region.map(ToOwned::to_owned),
        confirmed,
    };
    match ask(access, &request(whose.yes))? {
        Reply::Done => {}
        Reply::Confirm(confirm) => {
            keys::agree(&confirm, "Open the console")?;
            ask(access, &request(true))?;
        }
        _ => return Err(unexpected()),
    }
    done(json, "Opened in your browser.");
    Ok(0)
}

fn of_profile(access: &mut Access, name: &str) -> Result<Option<Role>, Stop> {
    let Reply::Overview(now) = ask(access, &Request::Overview)? else { return Err(unexpected()) };
    let found = now.profiles.into_iter().find(|profile| profile.name == name);
    Ok(found.map(|p| Role { org: p.org, account: p.account, role: p.role }))
}

/// `latch open`.
pub fn open(access: &mut Access, query: &str, json: bool) -> Result<u8, Stop> {
    let mut items = find::items(access)?;
    items.retain(|item| matches!(item, Item::App(_)));
    let item = find::one(&items, query, "App")?;
    let Item::App(app) = item else { return Err(unexpected()) };
    ask(access, &Request::OpenApp { org: app.org.clone(), app: app.app.clone() })?;
    done(json, &format!("Opened {} in your browser.", pick::plain(&app.name)));
    Ok(0)
}
