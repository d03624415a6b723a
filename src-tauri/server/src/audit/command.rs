//! `latchkey-server audit`: whether the trail is whole, and what is in it.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::Value;

use super::{delivery, keeping};
use crate::{
    config,
    data_folder::{AUDIT_MARK, audit_key_in},
    store::{Break, FoundEvent, Lookup, Verdict, resources_of},
};

/// Events read at once.
const PAGE: usize = 500;

/// What can be done with the trail. Each works beside a running server.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Follow the chain and say whether every event is as it was written; ends with 1 if not.
    Verify {
        /// The configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
    /// Print the public key that checks the signatures of delivered digest files.
    PublicKey {
        /// The configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
    /// List events, newest first.
    Ls(Ls),
}

/// What to list.
#[derive(Debug, Args)]
pub struct Ls {
    /// The configuration file (TOML).
    #[arg(long)]
    config: PathBuf,
    /// Only what this user or administrator did.
    #[arg(long)]
    user: Option<String>,
    /// Only events of this name, such as GetRoleCredentials.
    #[arg(long)]
    name: Option<String>,
    /// Only events of this source, such as sso.amazonaws.com.
    #[arg(long)]
    source: Option<String>,
    /// Only events about this account, permission set or application.
    #[arg(long)]
    resource: Option<String>,
    /// Not before this moment, such as 2026-11-25T08:00:00Z.
    #[arg(long)]
    from: Option<Timestamp>,
    /// Not after this moment.
    #[arg(long)]
    to: Option<Timestamp>,
    /// At most so many; 0 for all.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// One event a line, as CloudTrail writes it.
    #[arg(long)]
    json: bool,
}

/// Does it.
///
/// # Errors
/// What went wrong and what to do.
pub fn run(command: AuditCommand) -> Result<()> {
    match command {
        AuditCommand::Verify { config } => verify(&config),
        AuditCommand::PublicKey { config } => public_key(&config),
        AuditCommand::Ls(wanted) => list(wanted),
    }
}

fn verify(config: &Path) -> Result<()> {
    let data = config::data_folder_of(config)?;
    let (store, key) = config::look(config)?;
    let mark = keeping::read_mark(&key, &data.join(AUDIT_MARK));
    let known = mark.as_ref().ok().and_then(Option::as_ref);
    let whole = match store.verify_audit(&key, known)? {
        Verdict::Whole(whole) => whole,
        Verdict::Broken(what) => bail!(told(what)),
    };
    let mut out = io::stdout().lock();
    let span = whole.from.zip(whole.to).map(|(from, to)| format!(" from {from} to {to}")).unwrap_or_default();
    writeln!(
        out,
        "The audit trail is whole: {} events{span}, the last one in row {}.",
        whole.events, whole.head.id
    )?;
    // The rows fit; that the mark does not is told after it.
    if mark?.is_none() {
        bail!("{AUDIT_MARK} is gone: a trail that was put back as it was earlier would not be noticed");
    }
    Ok(())
}

fn public_key(config: &Path) -> Result<()> {
    let key = audit_key_in(&config::data_folder_of(config)?)?;
    let key = key.context("nothing was delivered yet: set `audit.deliver_to` and start the server")?;
    write!(io::stdout(), "{}", delivery::public_key(&key)?).context("could not print")
}

fn told(what: Break) -> String {
    let rest = "Keep a copy of the database as it is and compare it with the delivered log files.";
    match what {
        Break::Anchor => format!(
            "the audit trail has no beginning that this server sealed: its oldest end was taken away or changed. {rest}"
        ),
        Break::Row(id) => format!("row {id} of the audit trail is not as this server wrote it. {rest}"),
        Break::Missing(id) => format!("row {id} of the audit trail is missing. {rest}"),
        Break::Index(id) => {
            format!("row {id} of the audit trail is whole, but what it is looked up by was changed. {rest}")
        }
        Break::Head(id) => format!(
            "the audit trail has no end that this server sealed: rows after row {id} may be missing. {rest}"
        ),
        Break::OlderThanMark(id) => format!(
            "the audit trail once reached row {id} and does not hold it as it was: an older state of the database was put back. {rest}"
        ),
    }
}

fn list(wanted: Ls) -> Result<()> {
    let (store, _) = config::look(&wanted.config)?;
    let mut lookup = Lookup {
        from: wanted.from,
        to: wanted.to,
        username: wanted.user,
        name: wanted.name,
        source: wanted.source,
        resource_name: wanted.resource,
        ..Lookup::default()
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let mut left = if wanted.limit == 0 { usize::MAX } else { wanted.limit };
    while left > 0 {
        let events = store.look_up_audit(&lookup, left.min(PAGE))?;
        let Some(last) = events.last() else { break };
        (left, lookup.after) = (left - events.len(), Some(last.position));
        for event in &events {
            let line = if wanted.json { event.event.clone() } else { line(event) };
            match writeln!(out, "{line}") {
                // `| head` has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                written => written.context("could not print")?,
            }
        }
    }
    out.flush().context("could not print")
}

/// An event for a person, in columns.
fn line(found: &FoundEvent) -> String {
    let event: Value = serde_json::from_str(&found.event).unwrap_or_default();
    let resources: Vec<String> = resources_of(&event).into_iter().map(|resource| resource.name).collect();
    let details = &event["serviceEventDetails"][&found.name];
    let outcome = event["errorCode"].as_str().or(details.as_str()).unwrap_or("Success");
    let plain = |text: &str| -> String { text.chars().filter(|c| !c.is_control()).collect() };
    format!(
        "{}  {:<24} {:<16} {:<20} {:<15} {}",
        found.moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        plain(&found.name),
        plain(found.username.as_deref().unwrap_or("-")),
        plain(outcome),
        plain(event["sourceIPAddress"].as_str().unwrap_or("-")),
        plain(&resources.join(" ")),
    )
    .trim_end()
    .to_owned()
}
