//! `latchkey-server serve --config FILE`: an organisation of one's own.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use toml::Spanned;
use url::Url;

use crate::{
    addresses::Addresses,
    audit::{self, Event},
    chance::Chance,
    clock::Clock,
    data_folder::DataFolder,
    instance::{Identity, Instance, Keys, Shared},
    listeners,
    mail::{self, Mailing, Smtp, SmtpConfig},
    mfa::Policy,
    organisation::{self, FileError},
    passwords::PasswordBook,
    saml::{self, Target},
    serving,
    store::StoreError,
};

/// The configuration file. Relative paths start at its folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The organisation file.
    organisation: PathBuf,
    /// Where the instance keeps its database and key.
    data: PathBuf,
    /// A loopback address and port.
    listen: Spanned<SocketAddr>,
    /// What people and clients call it, when a TLS proxy stands before it.
    public_url: Option<Spanned<Url>>,
    /// When a second factor is asked for. What stands here counts from the start on; without it, what was set
    /// last.
    mfa: Option<Policy>,
    /// The mail server. Without it no mail is sent, and forgotten passwords are the administrator's affair.
    smtp: Option<SmtpConfig>,
}

/// Serves until the process is told to stop.
///
/// # Errors
/// What kept it from starting; mistakes in files name line and field.
pub async fn run(file: &Path) -> Result<()> {
    let (config, port) = read(file)?;
    let home = file.parent().unwrap_or(Path::new("."));
    let organisation_file = home.join(&config.organisation);
    let text = organisation::text_of(&organisation_file)?;
    let organisation = organisation::read(&organisation_file.display().to_string(), &text)?;
    let folder = DataFolder::open(&home.join(&config.data))?;
    let chance = Arc::new(Chance::from_system());
    let store = Arc::new(folder.store()?);
    let clock = Clock::system();
    let keys = Keys { instance: folder.key(&chance)?, saml: folder.saml_key(&chance, clock.now())? };
    let mut hashes = HashMap::new();
    for user in organisation.users.values() {
        match &user.password_hash {
            Some(hash) => drop(hashes.insert(user.username.clone(), hash.clone())),
            None => tracing::warn!(user = user.username, "has no password_hash and cannot sign in"),
        }
    }
    let book =
        PasswordBook::new(hashes, &chance).map_err(|error| anyhow::anyhow!("could not hash: {error}"))?;
    let identity = Identity::of(&store, &chance)?;
    let listeners = listeners::exactly(port).await?;
    let (instance_id, directory_id) = (&identity.instance_id, &identity.directory_id);
    let addresses = match &config.public_url {
        Some(url) => Addresses::behind_proxy(url.get_ref(), listeners.port, instance_id, directory_id),
        None => Addresses::loopback(listeners.port, instance_id, directory_id),
    };
    let mut instance = Instance::new(clock, chance, store, organisation, addresses, keys, book);
    let letters = Arc::new(Notify::new());
    let smtp = config.smtp.as_ref().map(|config| Smtp::new(config, home)).transpose()?;
    if smtp.is_some() {
        instance.mailing = Mailing::Smtp(Arc::clone(&letters));
    }
    let instance = Shared::new(instance);
    if let Some(policy) = &config.mfa
        && *policy != instance.store.mfa_policy()?
    {
        policy_set(&instance, policy)?;
    }
    tracing::info!(
        start_url = instance.addresses.start_url(),
        region = instance.organisation.region,
        "serving {}",
        instance.organisation.name
    );
    for target in instance.organisation.applications.values().filter_map(Target::of) {
        let metadata = target.metadata_url(&instance);
        tracing::info!(application = target.application.name, metadata, "give the application this address");
        for step in saml::steps(&instance, target) {
            tracing::info!(application = target.application.name, "{step}");
        }
    }
    let stop = CancellationToken::new();
    crate::command::stop_on_signals(stop.clone()).context("could not watch for signals")?;
    if let Some(smtp) = smtp {
        tokio::spawn(mail::deliver(Shared::clone(&instance), smtp, letters, stop.clone()));
    }
    serving::serve(instance, listeners.sockets, stop).await.context("the server stopped")
}

/// Sets the policy for second factors.
///
/// # Errors
/// [`StoreError`] if it cannot be kept.
pub fn policy_set(instance: &Instance, policy: &Policy) -> Result<(), StoreError> {
    let event = instance.entry(&Event {
        source: audit::DIRECTORY,
        name: "PutMfaDeviceManagementForDirectory",
        details: serde_json::to_value(policy).unwrap_or_default(),
        ..Event::default()
    });
    instance.store.set_mfa_policy(policy, &event)
}

/// The instance of a configuration file for a command beside the server, which may be running: it answers
/// nothing and checks no passwords.
///
/// # Errors
/// What is wrong with the files.
pub fn beside(file: &Path) -> Result<Instance> {
    let (config, port) = read(file)?;
    let home = file.parent().unwrap_or(Path::new("."));
    let organisation_file = home.join(&config.organisation);
    let text = organisation::text_of(&organisation_file)?;
    let organisation = organisation::read(&organisation_file.display().to_string(), &text)?;
    let folder = DataFolder::beside(&home.join(&config.data))?;
    let chance = Arc::new(Chance::from_system());
    let store = Arc::new(folder.store()?);
    let clock = Clock::system();
    let keys = Keys { instance: folder.key(&chance)?, saml: folder.saml_key(&chance, clock.now())? };
    let book = PasswordBook::new(HashMap::new(), &chance)
        .map_err(|error| anyhow::anyhow!("could not hash: {error}"))?;
    let Identity { instance_id, directory_id } = Identity::of(&store, &chance)?;
    let addresses = match &config.public_url {
        Some(url) => Addresses::behind_proxy(url.get_ref(), port, &instance_id, &directory_id),
        None => Addresses::loopback(port, &instance_id, &directory_id),
    };
    Ok(Instance::new(clock, chance, store, organisation, addresses, keys, book))
}

/// The configuration and the port it asks for.
fn read(file: &Path) -> Result<(Config, u16)> {
    let text = organisation::text_of(file)?;
    let name = file.display().to_string();
    let config: Config = toml::from_str(&text).map_err(|error| FileError::syntax(&name, &text, &error))?;
    let listen = &config.listen;
    let port = listeners::only_loopback(*listen.get_ref())
        .map_err(|error| FileError::in_field(&name, &text, listen.span(), "listen", error.to_string()))?;
    if let Some(value) = &config.public_url {
        let url = value.get_ref();
        if !(url.scheme() == "https" && url.has_host() && url.path() == "/" && url.query().is_none()) {
            let problem = "must be https:// and a host, without a path";
            bail!(FileError::in_field(&name, &text, value.span(), "public_url", problem));
        }
    }
    Ok((config, port))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use std::fs;

    use super::*;

    #[track_caller]
    fn refuses(text: &str, words: &[&str]) {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("server.toml");
        fs::write(&file, text).unwrap();
        let error = format!("{:#}", read(&file).unwrap_err());
        for word in words {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn mistakes_name_their_line() {
        let good = "organisation = \"o.toml\"\ndata = \"data\"\nlisten = \"127.0.0.1:8480\"\n";
        refuses("organisation = \"o.toml\"\nlisten = 5\n", &["server.toml", "line 2"]);
        refuses("organisation = \"o.toml\"\nlisten = 5\n", &["field `listen`"]);
        refuses(&format!("{good}colour = 1\n"), &["line 4, field `colour`"]);
        refuses(
            &format!("{good}public_url = \"http://sso.test\"\n"),
            &["line 4, field `public_url`", "https"],
        );
        refuses(&format!("{good}public_url = \"https://sso.test/x\"\n"), &["line 4, field `public_url`"]);
        refuses("organisation = \"o.toml\"\n", &["line 1, field `data`"]);
        let smtp = format!("{good}[smtp]\nfrom = \"Acme <sso@acme.test>\"\n");
        refuses(&format!("{smtp}host = \"mail.test\"\ntls = \"none\"\n"), &["line 4", "on this machine"]);
        refuses(&format!("{smtp}host = \"mail.test\"\nusername = \"x\"\n"), &["line 4", "go together"]);
        refuses(&smtp, &["line 4", "host"]);
        refuses(&format!("{good}[mfa]\nmode = \"on\"\n"), &["line 5, field `mfa.mode`", "always"]);
        refuses(&format!("{good}[mfa]\nmode = \"always\"\nallowed = []\n"), &["line 4", "at least one of"]);
        for listen in ["0.0.0.0:80", "192.0.2.1:80", "127.0.0.2:0"] {
            let text = format!("organisation = \"o.toml\"\ndata = \"data\"\nlisten = \"{listen}\"\n");
            refuses(&text, &["server.toml, line 3, field `listen`", "loopback"]);
        }
    }
}
