//! `latchkey-server aws`: accounts and roles at AWS, beside a running server or without one.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use clap::Subcommand;

use super::{Aws, AwsConfig, organizations};
use crate::{
    config,
    instance::{Instance, Shared},
    store::{AwsRoleState, Synced},
};

/// Roles that are listed.
const MOST: u32 = 1000;

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum AwsCommand {
    /// Read accounts and organizational units from AWS Organizations now.
    Sync {
        /// The server's configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
    /// List the roles that failed or were changed at AWS; fails if there are any.
    Roles {
        /// The server's configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
}

/// Does it.
///
/// # Errors
/// What went wrong and what to do.
pub async fn run(command: AwsCommand) -> Result<()> {
    match command {
        AwsCommand::Sync { config } => sync(&config).await,
        AwsCommand::Roles { config } => roles(&config),
    }
}

fn opened(file: &Path) -> Result<(Instance, AwsConfig)> {
    let settings = config::aws_of(file)?;
    let settings = settings
        .with_context(|| format!("{} has no [aws]: its accounts are the sandbox's own", file.display()))?;
    Ok((config::beside(file)?, settings))
}

async fn sync(file: &Path) -> Result<()> {
    let (instance, settings) = opened(file)?;
    let aws = Arc::new(Aws::connect(settings).await);
    let synced = organizations::sync(&Shared::new(instance), &aws).await?;
    write!(io::stdout(), "{}", told(&synced)).context("could not print")
}

/// A line for each account, or one that says that there is none.
fn told(synced: &Synced) -> String {
    let lines = |word: &str, accounts: &[String]| -> String {
        accounts.iter().map(|account| format!("{word} {account}\n")).collect()
    };
    let all = [lines("+", &synced.came), lines("-", &synced.went), lines("~", &synced.changed)].concat();
    if all.is_empty() { "Nothing has changed at AWS Organizations.\n".to_owned() } else { all }
}

fn roles(file: &Path) -> Result<()> {
    let (instance, _) = opened(file)?;
    let (good, known) = instance.store.count_aws_roles()?;
    let mut out = io::stdout();
    let troubled = instance.store.aws_roles_needing_attention(MOST)?;
    for role in &troubled {
        let (word, why) = match role.state {
            AwsRoleState::Applied => match &role.failure {
                Some(why) => {
                    ("UNCHECKED", [std::slice::from_ref(why), role.drift.as_slice()].concat().join(" "))
                }
                None => ("DRIFTED", role.drift.join(" ")),
            },
            AwsRoleState::Retrying => ("RETRYING", role.failure.clone().unwrap_or_default()),
            AwsRoleState::Failed => ("FAILED", role.failure.clone().unwrap_or_default()),
        };
        writeln!(out, "{} {} {word} {why}", role.account_id, role.role_name).context("could not print")?;
    }
    writeln!(out, "{good} of {known} roles are as they should be.").context("could not print")?;
    if !troubled.is_empty() {
        bail!("some roles need attention; \"Reapply\" on an account's page makes one again");
    }
    Ok(())
}
