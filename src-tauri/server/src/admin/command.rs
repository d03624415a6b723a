//! `latchkey-server admin`: the first administrator, and administrators' keys. All of it works beside a running server.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Subcommand;

use super::keys;
use crate::{
    administration::invite, audit::Place, chance::Chance, clock::Clock, config, instance::Identity,
    secret::InstanceKey, store::Store,
};

/// A key's name is an IAM user's (IAM User Guide, quotas).
const LONGEST_NAME: usize = 64;

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Make somebody an administrator of the browser's pages and print a link to set their password.
    Invite {
        /// The configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
        /// A user name or email address; somebody who is not there is created.
        #[arg(long)]
        user: String,
        /// The email address of a user who is created.
        #[arg(long)]
        email: Option<String>,
    },
    /// Make an access key for an administrator and print it, this once.
    CreateKey {
        /// The configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
        /// Whose it is or what it is for; events name it.
        #[arg(long)]
        name: String,
    },
    /// List the access keys, without their secrets.
    ListKeys {
        /// The configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
    /// Make an access key good for nothing, at once.
    DisableKey {
        /// The configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
        /// AKIA and 16 characters.
        #[arg(long)]
        id: String,
    },
}

/// Does it.
///
/// # Errors
/// What went wrong and what to do.
pub fn run(command: AdminCommand) -> Result<()> {
    let (chance, now) = (Chance::from_system(), Clock::system().now());
    let mut out = io::stdout().lock();
    match command {
        AdminCommand::Invite { config, user, email } => {
            drop(out);
            invite::run(&config, &user, email.as_deref())
        }
        AdminCommand::CreateKey { config, name } => {
            let good = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
            ensure!(
                !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(good),
                "the name must have 1 to 64 letters, digits or _+=,.@-, such as terraform"
            );
            let home = Home::open(&config, &chance)?;
            let (key, secret) = keys::create(&home.store, &chance, home.place(), &name, now)?;
            let (id, secret) = (&key.access_key_id, secret.expose());
            writeln!(out, "AWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={secret}").context("could not print")
        }
        AdminCommand::ListKeys { config } => {
            let home = Home::open(&config, &chance)?;
            for key in home.store.administrator_keys()? {
                let state =
                    key.disabled.map_or("active".to_owned(), |since| format!("disabled since {since}"));
                writeln!(out, "{}  {}  made {}  {state}", key.access_key_id, key.name, key.created)?;
            }
            Ok(())
        }
        AdminCommand::DisableKey { config, id } => {
            let home = Home::open(&config, &chance)?;
            if !keys::disable(&home.store, &chance, home.place(), &id, now)? {
                bail!("{id} is no key that works; `latchkey-server admin list-keys` lists them");
            }
            writeln!(out, "{id} is disabled.").context("could not print")
        }
    }
}

/// A server's store, seen from beside it.
struct Home {
    store: Store,
    key: InstanceKey,
    identity: Identity,
    account: String,
    region: String,
}

impl Home {
    fn open(file: &Path, chance: &Chance) -> Result<Self> {
        let (store, key) = config::look(file)?;
        let identity = Identity::of(&store, chance)?;
        let settings =
            store.settings()?.context("there is no organisation yet: start the server with one")?;
        let (account, region) = (settings.management_account, settings.region);
        Ok(Self { store, key, identity, account, region })
    }

    fn place(&self) -> Place<'_> {
        Place {
            account: &self.account,
            region: &self.region,
            directory_id: &self.identity.directory_id,
            instance_id: &self.identity.instance_id,
            key: &self.key,
        }
    }
}
