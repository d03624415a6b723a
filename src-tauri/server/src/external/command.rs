//! `latchkey-server identity-source`: the way back to this server's own directory when the identity provider is gone
//! and nobody can sign in. It works beside a running server.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde_json::json;

use crate::{
    audit::{self, Event},
    config,
    instance::Instance,
    ldap,
    store::{SourceChange, SourceKind},
};

/// What can be done with it.
#[derive(Debug, Subcommand)]
pub enum SourceCommand {
    /// Say where people sign in.
    Show {
        /// The server's configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
    /// Bring users and groups of the LDAP directory here now, and print what came of it.
    Sync {
        /// The server's configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
        /// Even if more than half of the users are gone in the directory.
        #[arg(long)]
        even_if_many_go: bool,
    },
    /// Let people sign in with this server's own passwords again; all sign-ins and access tokens of provisioning end.
    UseDirectory {
        /// The server's configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
}

/// Does it.
///
/// # Errors
/// What went wrong and what to do.
pub fn run(command: SourceCommand) -> Result<()> {
    let said = match command {
        SourceCommand::Show { config } => show(&config::beside(&config)?)?,
        SourceCommand::Sync { config, even_if_many_go } => {
            sync_now(&config::beside(&config)?, even_if_many_go)?
        }
        SourceCommand::UseDirectory { config } => use_directory(&config::beside(&config)?, &config)?,
    };
    writeln!(io::stdout(), "{said}").context("could not print")
}

fn show(instance: &Instance) -> Result<String> {
    Ok(match instance.store.identity_source()? {
        SourceKind::Directory => "People sign in with this server's own passwords.".to_owned(),
        SourceKind::Saml => {
            let provider = instance.store.external_provider()?.map(|provider| provider.entity_id);
            format!("People sign in at {}.", provider.unwrap_or_default())
        }
        SourceKind::Ldap => {
            let servers = instance.store.ldap_source()?.map(|source| source.settings.servers.join(", "));
            let last = instance
                .store
                .ldap_report()?
                .0
                .map_or_else(|| "There was no sync yet.".to_owned(), |last| last.told());
            let radius = match instance.store.radius_source()? {
                Some(radius) => {
                    let counts = instance.store.mfa_policy()?.takes_radius();
                    let how = if counts { "counts as a second factor" } else { "does not count" };
                    format!("RADIUS at {} {how}.\n", radius.settings.servers.join(", "))
                }
                None => String::new(),
            };
            format!(
                "People sign in with passwords of the directory at {}.\n{radius}{last}",
                servers.unwrap_or_default()
            )
        }
    })
}

fn sync_now(instance: &Instance, many: bool) -> Result<String> {
    if !ldap::is_source(instance)? {
        bail!("no LDAP directory is the identity source, so there is nothing to sync");
    }
    let Some(report) = ldap::sync::sync(instance, many)? else {
        bail!("a sync is under way; look at it with latchkey-server identity-source show")
    };
    if report.problem.is_some() {
        bail!("{}", report.told());
    }
    let lines = report.problems.iter().map(|(entry, problem)| format!("{entry}: {problem}"));
    Ok([report.told()].into_iter().chain(lines).collect::<Vec<_>>().join("\n"))
}

fn use_directory(instance: &Instance, config: &Path) -> Result<String> {
    // Done by whoever may read the server's key, who has no name here.
    let details = json!({ "IdentitySource": "DIRECTORY", "By": "command line" });
    let entry = instance.entry(&Event {
        source: audit::DIRECTORY,
        name: "UpdateIdentitySource",
        details,
        ..Event::default()
    });
    match instance.store.change_identity_source(SourceKind::Directory, instance.now(), &entry)? {
        SourceChange::Done => Ok(format!(
            "People sign in with this server's own passwords again. To give an administrator one, run\n\
             latchkey-server password reset --config {} --user NAME",
            config.display()
        )),
        _ => bail!("people sign in with this server's own passwords already"),
    }
}
