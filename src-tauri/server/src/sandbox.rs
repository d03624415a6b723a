//! `latchkey-server sandbox`: the sample organisation with keys and passwords of its own, for one person on one
//! machine. Says where it is on standard output, takes test controls on standard input, and ends with it.

mod control;

use std::{
    collections::HashMap,
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
    audit::keeping,
    chance::Chance,
    clock::Clock,
    data_folder::DataFolder,
    instance::{Identity, Instance, Keys, Shared},
    listeners,
    mail::{self, Mailing},
    organisation,
    passwords::{self, PasswordBook},
    secret::Token,
    serving,
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

    let organisation = match file {
        Some(file) => organisation::read(&file.display().to_string(), &organisation::text_of(file)?)?,
        None => organisation::sample(&addresses.origin())?,
    };
    let clock = Clock::system();
    let keys = Keys { instance: key, saml: folder.saml_key(&chance, clock.now())? };
    let passwords = folder.passwords(organisation.users.keys(), &chance)?;
    let mut hashes = HashMap::new();
    for (user, password) in &passwords {
        let hash =
            passwords::hash(password, &chance).map_err(|error| anyhow::anyhow!("could not hash: {error}"))?;
        hashes.insert(user.clone(), hash);
    }
    let book =
        PasswordBook::new(hashes, &chance).map_err(|error| anyhow::anyhow!("could not hash: {error}"))?;
    let mut instance = Instance::new(clock, chance, store, organisation, addresses, keys, book);
    instance.sample_apps = file.is_none();
    instance.mailing = Mailing::Outbox;
    // What this sandbox says below is what holds.
    instance.store.forget_own_passwords()?;
    instance.keeping.mark = Some(folder.audit_mark());
    let instance = Shared::new(instance);

    let stop = CancellationToken::new();
    crate::command::stop_on_signals(stop.clone()).context("could not watch for signals")?;
    say(&if json { ready(&instance, &passwords).to_string() } else { welcome(&instance, &passwords) })?;
    tokio::spawn(control::obey(Shared::clone(&instance), stop.clone()));
    serving::serve(instance, listeners.sockets, None, stop).await.context("the server stopped")?;
    drop(folder);
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// What a program needs to know to use this sandbox.
fn ready(instance: &Instance, passwords: &std::collections::BTreeMap<String, Token>) -> Value {
    let addresses = &instance.addresses;
    let origin = addresses.origin();
    // Sam, who sees most, comes first.
    let mut users: Vec<_> = instance.organisation.users.values().collect();
    users.sort_by_key(|user| std::cmp::Reverse(instance.organisation.accounts_of(user).len()));
    let users: Vec<Value> = users
        .into_iter()
        .map(|user| {
            json!({
                "username": user.username,
                "password": passwords.get(&user.username).map(Token::expose),
                "display_name": user.display_name,
                "email": user.email,
            })
        })
        .collect();
    json!({
        "name": instance.organisation.name,
        "start_url": addresses.start_url(),
        "region": instance.organisation.region,
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
    })
}

/// The same for a person.
fn welcome(instance: &Instance, passwords: &std::collections::BTreeMap<String, Token>) -> String {
    let mut text = format!(
        "{} is open at {} (region {}).\nEnd of input stops it. Sign in as\n",
        instance.organisation.name,
        instance.addresses.start_url(),
        instance.organisation.region
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
        let passwords = [("sam".to_owned(), Token::new("pw".to_owned()))].into();
        let line = ready(&rig.instance, &passwords);
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
        assert_eq!(line["users"].as_array().unwrap().len(), 4);
    }
}
