//! `latchkey-server sandbox`: the sample organisation with keys and passwords of its own, for one person on one
//! machine. Says where it is on standard output, takes test controls on standard input, and ends with it.

mod control;

use std::{
    collections::BTreeMap,
    io::{self, Write},
    net::SocketAddr,
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    addresses::Addresses,
    audit::{self, Event, keeping},
    chance::Chance,
    clock::Clock,
    data_folder::DataFolder,
    instance::{Identity, Instance, Keys, Shared},
    listeners,
    mail::{self, Mailing},
    organisation::{self, SAMPLE},
    passwords::{self, PasswordBook},
    secret::Token,
    serving,
    store::Password,
};

/// Serves the sandbox, the sample organisation unless another file is named, until standard input ends or the
/// process is told to stop.
///
/// # Errors
/// What kept it from starting, with what to do.
pub async fn run(listen: SocketAddr, data: &Path, json: bool, file: Option<&Path>) -> Result<()> {
    let wish = listeners::only_loopback(listen)?;
    let folder = DataFolder::open(data)?;
    let chance = Arc::new(Chance::from_system());
    let store = Arc::new(folder.store()?);
    let key = folder.key(&chance)?;
    keeping::begin(&store, &key, &folder.audit_mark())?;
    let identity = Identity::of(&store, &chance)?;
    let wishes = Some(wish).filter(|port| *port != 0).into_iter().chain(folder.port()?);
    let listeners = listeners::preferably(wishes).await?;
    folder.keep_port(listeners.port)?;
    let addresses = Addresses::loopback(listeners.port, &identity.instance_id, &identity.directory_id);

    let (document, text) = match file {
        Some(file) => {
            let text = organisation::text_of(file)?;
            (organisation::read_for_sandbox(&file.display().to_string(), &text)?, text)
        }
        // Its applications answer at this origin.
        None => (organisation::sample(&addresses.origin())?, addresses.origin() + SAMPLE),
    };
    let clock = Clock::system();
    let keys = Keys { instance: key, saml: folder.saml_key(&chance, clock.now())? };
    let passwords = folder.passwords(document.users.keys(), &chance)?;
    let book = PasswordBook::new(&chance).map_err(|error| anyhow::anyhow!("could not hash: {error}"))?;
    let mut instance = Instance::new(clock, chance, store, addresses, keys, book);
    instance.sample_apps = file.is_none();
    instance.mailing = Mailing::Outbox;
    instance.keeping.mark = Some(folder.audit_mark());
    instance.apply_if_changed(&document, &text)?;
    set_passwords(&instance, &passwords)?;
    appoint_administrator(&instance)?;
    let instance = Shared::new(instance);
    let ready = if json { ready(&instance, &passwords)?.to_string() } else { welcome(&instance, &passwords) };

    let stop = CancellationToken::new();
    crate::command::stop_on_signals(stop.clone()).context("could not watch for signals")?;
    say(&ready)?;
    tokio::spawn(control::obey(Shared::clone(&instance), stop.clone()));
    serving::serve(instance, listeners.sockets, None, None, stop).await.context("the server stopped")?;
    drop(folder);
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Makes the passwords that the sandbox names the ones that are good.
fn set_passwords(instance: &Instance, passwords: &BTreeMap<String, Token>) -> Result<()> {
    let mut changed = Vec::new();
    for (username, password) in passwords {
        let Some(user) = instance.store.user_by_login(username)? else { continue };
        let known = instance.store.password(&user.id)?;
        let is_good = |known: Password| {
            !known.must_change && instance.passwords.verify(Some(&known.hash), password.expose())
        };
        if known.is_some_and(is_good) {
            continue;
        }
        let hash = passwords::hash(password, &instance.chance)
            .map_err(|error| anyhow::anyhow!("could not hash: {error}"))?;
        changed.push((user.id, Password::chosen(hash)));
    }
    Ok(instance.store.set_passwords(&changed, instance.now(), &[])?)
}

/// Makes the sample's administrator one, unless somebody has taken care of that already.
fn appoint_administrator(instance: &Instance) -> Result<()> {
    let Some(user) = instance.store.user_by_login("ada")? else { return Ok(()) };
    if instance.store.has_other_administrator(&user.id)? {
        return Ok(());
    }
    let event = instance.entry(&Event {
        source: audit::DIRECTORY,
        name: "AppointAdministrator",
        details: json!({ "UserId": user.id, "UserName": user.username, "By": "sandbox" }),
        ..Event::default()
    });
    instance.store.appoint_administrator(&user.id, instance.now(), &event)?;
    Ok(())
}

/// What a program needs to know to use this sandbox.
fn ready(instance: &Instance, passwords: &BTreeMap<String, Token>) -> Result<Value> {
    let addresses = &instance.addresses;
    let origin = addresses.origin();
    // Sam, who sees most, comes first.
    let mut users = Vec::new();
    for username in passwords.keys() {
        if let Some(user) = instance.user_by_login(username)? {
            users.push((instance.store.accounts_of(&user.id)?.len(), user));
        }
    }
    users.sort_by_key(|(accounts, _)| std::cmp::Reverse(*accounts));
    let users: Vec<Value> = users
        .into_iter()
        .map(|(_, user)| {
            json!({
                "username": user.username,
                "password": passwords.get(&user.username).map(Token::expose),
                "display_name": user.display_name,
                "email": user.email,
            })
        })
        .collect();
    let settings = instance.settings();
    Ok(json!({
        "name": settings.name,
        "start_url": addresses.start_url(),
        "region": settings.region,
        "oidc_endpoint": origin,
        "portal_endpoint": origin,
        "sts_endpoint": origin,
        "federation_endpoint": addresses.federation_url(),
        "issuer_url": addresses.issuer_url(),
        "start_url_alias": addresses.start_url_alias(),
        "instance_id": addresses.instance_id(),
        "port": addresses.port(),
        "outbox_url": mail::outbox_address(instance),
        "users": users,
    }))
}

/// The same for a person.
fn welcome(instance: &Instance, passwords: &BTreeMap<String, Token>) -> String {
    let settings = instance.settings();
    let mut text = format!(
        "{} is open at {} (region {}).\nEnd of input stops it. Sign in as\n",
        settings.name,
        instance.addresses.start_url(),
        settings.region
    );
    for (user, password) in passwords {
        text.push_str(&format!("  {user:<8} {}\n", password.expose()));
    }
    text.push_str(&format!("Mail to them is at {}\n", mail::outbox_address(instance)));
    text
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use crate::rig::Rig;

    #[tokio::test]
    async fn the_ready_line_names_everything_a_program_needs() {
        let rig = Rig::new();
        let passwords =
            ["ada", "alex", "kim", "robin", "sam"].map(|user| (user.to_owned(), Token::new("pw".to_owned())));
        let line = ready(&rig.instance, &passwords.into()).unwrap();
        for key in [
            "start_url",
            "region",
            "oidc_endpoint",
            "portal_endpoint",
            "sts_endpoint",
            "federation_endpoint",
            "issuer_url",
            "start_url_alias",
            "instance_id",
            "name",
        ] {
            assert!(line[key].is_string(), "{key}");
        }
        assert_eq!(line["port"], 4711);
        assert_eq!(line["users"][0]["username"], "sam");
        assert_eq!(line["users"][0]["display_name"], "Sam Sample");
        assert_eq!(line["users"][0]["password"], "pw");
        assert_eq!(line["users"].as_array().unwrap().len(), 5);
    }
}
