//! The command line.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    admin::{self, command::AdminCommand},
    applications,
    applying::Told,
    audit::{self, command::AuditCommand},
    aws::{self, command::AwsCommand},
    chance::Chance,
    config, external,
    external::command::SourceCommand,
    mfa, moving,
    operations::{self, LogFormat},
    passwords, radius, sandbox,
    secret::Token,
    signin::password::one_time,
    store::Change,
};

/// A self-hosted server that speaks AWS SSO's protocol.
#[derive(Debug, Parser)]
#[command(name = "latchkey-server", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the sample organisation on this machine; stops when its input ends.
    Sandbox {
        /// A loopback address; port 0 keeps the port of last time.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// The folder it lives in; made if it is not there.
        #[arg(long)]
        data: PathBuf,
        /// Say where it is as one JSON line.
        #[arg(long)]
        json: bool,
        /// An organisation file in place of the sample, for measuring with a large one.
        #[arg(long, hide = true)]
        organisation: Option<PathBuf>,
    },
    /// Serve the organisation that a configuration file names.
    Serve {
        /// The configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
    /// Help people who cannot prove their second factor.
    Mfa {
        #[command(subcommand)]
        command: MfaCommand,
    },
    /// Help people who cannot sign in with their password.
    Password {
        #[command(subcommand)]
        command: PasswordCommand,
    },
    /// List the applications of the catalogue, or print one for an organisation file.
    Catalogue {
        /// Words to look for, or one id.
        words: Vec<String>,
    },
    /// Print an application for an organisation file, from its SAML metadata.
    ImportApplication {
        /// A file, or an https address.
        metadata: String,
        /// What it is called in the portal.
        #[arg(long)]
        name: String,
    },
    /// Invite an administrator; make, list and disable their access keys.
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// See where people sign in, set an LDAP directory up, and go back to this server's own directory.
    IdentitySource {
        #[command(subcommand)]
        command: SourceCommand,
    },
    /// Accounts and roles at AWS.
    Aws {
        #[command(subcommand)]
        command: AwsCommand,
    },
    /// See what was done, and whether the record of it is whole.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Show what an organisation file (TOML or YAML) or a CloudFormation template would change.
    Plan {
        /// The configuration file that `serve` gets (TOML).
        #[arg(long)]
        config: PathBuf,
        /// The organisation file or template.
        file: PathBuf,
        /// What a parameter of the template is; may be given several times.
        #[arg(long = "parameter", value_name = "NAME=VALUE")]
        parameters: Vec<String>,
    },
    /// Change the organisation to what a file says; a running server sees it at once.
    Apply {
        /// The configuration file that `serve` gets (TOML).
        #[arg(long)]
        config: PathBuf,
        /// The organisation file or template.
        file: PathBuf,
        /// What a parameter of the template is; may be given several times.
        #[arg(long = "parameter", value_name = "NAME=VALUE")]
        parameters: Vec<String>,
    },
    /// Write all that an instance remembers into a file, to move it or to keep it.
    Export {
        /// The server's configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
        /// The file, which must not be there yet.
        file: PathBuf,
    },
    /// Read an export into an empty database, SQLite's or PostgreSQL's.
    Import {
        /// The configuration file of the new server (TOML); its data folder has the instance's keys.
        #[arg(long)]
        config: PathBuf,
        /// The file.
        file: PathBuf,
    },
    /// Make the signing keys in a data folder those of all servers of its database; none of them may run.
    AdoptKeys {
        /// The server's configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
    /// Read a password from standard input and print its hash for an organisation file.
    HashPassword,
}

#[derive(Debug, Subcommand)]
enum MfaCommand {
    /// Take all MFA devices of a user away, whether the server runs or not.
    Reset {
        /// The server's configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
        /// A user name or email address.
        #[arg(long)]
        user: String,
    },
}

#[derive(Debug, Subcommand)]
enum PasswordCommand {
    /// Give a user a password for one use, and print it; their sign-ins end.
    Reset {
        /// The server's configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
        /// A user name or email address.
        #[arg(long)]
        user: String,
    },
}

/// Does what the command line says.
///
/// # Errors
/// What went wrong and what to do, for standard error.
pub fn run() -> Result<()> {
    let arguments = Arguments::parse();
    let filter =
        EnvFilter::try_from_env("LATCHKEY_SERVER_LOG").unwrap_or_else(|_| EnvFilter::new("server=info,warn"));
    let format = match &arguments.command {
        Command::Serve { config } => operations::log_format_of(config),
        _ => LogFormat::Text,
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // A sign-in takes 19 MiB while it is checked, of which few are at once, and everything else is short but for
        // those who wait for a RADIUS server to answer: nobody else is to wait for them.
        .max_blocking_threads(16 + radius::MOST_WAITING)
        .build()
        .context("could not start the runtime")?;
    let outcome = match arguments.command {
        Command::Sandbox { listen, data, json, organisation } => {
            runtime.block_on(sandbox::run(listen, &data, json, organisation.as_deref()))
        }
        Command::Export { config, file } => moving::export(&config, &file),
        Command::Import { config, file } => moving::import(&config, &file),
        Command::Serve { config } => runtime.block_on(config::run(&config)),
        Command::Mfa { command: MfaCommand::Reset { config, user } } => mfa::reset::run(&config, &user),
        Command::Password { command: PasswordCommand::Reset { config, user } } => {
            one_time::run(&config, &user)
        }
        Command::Catalogue { words } => applications::show_catalogue(&words),
        Command::ImportApplication { metadata, name } => {
            runtime.block_on(applications::import_application(&metadata, &name))
        }
        Command::Admin { command } => admin::command::run(command),
        Command::IdentitySource { command } => external::command::run(command),
        Command::Aws { command } => runtime.block_on(aws::command::run(command)),
        Command::Audit { command } => audit::command::run(command),
        Command::Plan { config, file, parameters } => {
            tell(&config::apply(&config, &file, &parameters, true)?)
        }
        Command::Apply { config, file, parameters } => {
            tell(&config::apply(&config, &file, &parameters, false)?)
        }
        Command::AdoptKeys { config } => adopt_keys(&config),
        Command::HashPassword => hash_password(),
    };
    runtime.shutdown_background();
    outcome
}

fn tell(changes: &[Change]) -> Result<()> {
    write!(io::stdout(), "{}", Told(changes)).context("could not print")
}

fn adopt_keys(config: &Path) -> Result<()> {
    let files = config::adopt_keys(config)?.join(" and ");
    let words = "copy it into the data folder of each server before it is started";
    writeln!(io::stdout(), "The instance signs with {files} of this data folder: {words}.")
        .context("could not print")
}

fn hash_password() -> Result<()> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("could not read the password")?;
    let password = Token::new(line.trim_end_matches(['\r', '\n']).to_owned());
    anyhow::ensure!(!password.expose().is_empty(), "type the password on standard input");
    let hash = passwords::hash(&password, &Chance::from_system())
        .map_err(|error| anyhow::anyhow!("could not hash: {error}"))?;
    writeln!(io::stdout(), "{hash}").context("could not print")
}

/// From this call on, a request to end the process cancels `stop`, and a second one ends it at once. Call it before saying that the server is
/// ready: until then such a request ends the process at once.
pub fn stop_on_signals(stop: CancellationToken) -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            stop.cancel();
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::warn!("told again to stop: what is under way is left");
            std::process::exit(1);
        });
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    Ok(())
}
