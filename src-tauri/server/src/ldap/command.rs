//! `latchkey-server identity-source ldap`: a directory set up, tested and taken into use from the command line, beside a
//! running server. The connector account's password comes on standard input, and nowhere else.

use std::{
    io::{self, BufRead},
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Subcommand;
use serde_json::json;

use super::{Settings, access, file, open, probe, set_up, sync};
use crate::{
    audit::{self, Event},
    config,
    instance::Instance,
    secret::Token,
    store::{Affected, LdapSource, SourceChange, SourceKind},
};

/// User names and groups that a test shows.
const SHOWN: usize = 5;

/// What can be done with a directory.
#[derive(Debug, Subcommand)]
pub enum LdapCommand {
    /// Print the settings that are kept, without the password, as a file for set-up.
    Show {
        /// The server's configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
    /// Ask each server, and say whom it has; nothing is saved. A new password is read from standard input.
    Test {
        /// The server's configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
        /// The directory's settings (TOML); without it, those that are kept.
        #[arg(long)]
        settings: Option<PathBuf>,
    },
    /// Keep the settings of a file. The connector account's password is read from standard input; an empty line leaves
    /// it as it is.
    SetUp {
        /// The server's configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
        /// The directory's settings (TOML).
        #[arg(long)]
        settings: PathBuf,
    },
    /// Say what changes when people sign in with the directory's passwords; with --yes, do it. Everybody is signed out.
    Use {
        /// The server's configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
        /// Do it.
        #[arg(long)]
        yes: bool,
    },
}

/// Does it; what to print.
///
/// # Errors
/// What went wrong and what to do.
pub fn run(command: LdapCommand) -> Result<String> {
    match command {
        LdapCommand::Show { config } => show(&config::beside(&config)?),
        LdapCommand::Test { config, settings } => {
            let instance = config::beside(&config)?;
            let wanted = match settings {
                None => kept(&instance)?,
                Some(path) => read(&instance, &path)?.0,
            };
            test(&instance, &wanted)
        }
        LdapCommand::SetUp { config, settings } => {
            let instance = config::beside(&config)?;
            let (wanted, is_typed) = read(&instance, &settings)?;
            keep(&instance, &wanted, is_typed)
        }
        LdapCommand::Use { config, yes } => take(&config::beside(&config)?, yes),
    }
}

fn kept(instance: &Instance) -> Result<LdapSource> {
    instance.store.ldap_source()?.context(
        "no directory is set up; write its settings into a file and run latchkey-server identity-source ldap set-up",
    )
}

fn show(instance: &Instance) -> Result<String> {
    let text = file::written(&kept(instance)?.settings).context("could not write the settings down")?;
    Ok(text.trim_end().to_owned())
}

/// What a file and standard input say, and whether there is a new password.
fn read(instance: &Instance, path: &std::path::Path) -> Result<(LdapSource, bool)> {
    let settings = file::read(path).with_context(|| path.display().to_string())?;
    let typed = password()?;
    let typed = typed.as_ref().map(Token::expose);
    let kept = instance.store.ldap_source()?;
    let secret = set_up::sealed(instance, kept.as_ref(), &settings, typed).context(
        "give the connector account's password on standard input, anew if the servers or the account are others",
    )?;
    Ok((LdapSource { settings, secret, changed: instance.now() }, typed.is_some()))
}

/// A line of standard input, if it is not empty.
fn password() -> Result<Option<Token>> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("could not read the password from standard input")?;
    let password = Token::new(line.trim_end_matches(['\r', '\n']).to_owned());
    zeroize::Zeroize::zeroize(&mut line);
    Ok(Some(password).filter(|password| !password.expose().is_empty()))
}

fn test(instance: &Instance, wanted: &LdapSource) -> Result<String> {
    let source = Arc::new(open(instance, wanted)?);
    let mut lines = Vec::new();
    let mut works = false;
    for (server, outcome) in probe(&source) {
        works |= outcome.is_ok();
        lines.push(match outcome {
            Ok(()) => {
                format!("{server} works: its certificate is trusted and the connector account signs in.")
            }
            Err(problem) => format!("{server} FAILS: {problem}."),
        });
    }
    ensure!(works, "{}\nNo server can be used. Nothing was saved.", lines.join("\n"));
    let found =
        sync::look(instance, &source).map_err(|problem| anyhow!("{}\n{problem}", lines.join("\n")))?;
    lines.push(format!(
        "Found {} users and {} groups. Nothing was saved.",
        found.users.len(),
        found.groups.len()
    ));
    let name = |user: &super::collect::Found| {
        user.attributes.get("userName").and_then(|name| name.as_str()).map(str::to_owned)
    };
    let names = found.users.iter().take(SHOWN).filter_map(name);
    lines.push(format!("Some of the users: {}", names.collect::<Vec<_>>().join(", ")));
    let groups =
        found.groups.iter().take(SHOWN).map(|group| format!("{} ({})", group.name, group.members.len()));
    lines.push(format!(
        "Some of the groups and how many are in them: {}",
        groups.collect::<Vec<_>>().join(", ")
    ));
    lines.extend(found.problems.iter().map(|(entry, problem)| format!("{entry}: {problem}")));
    Ok(lines.join("\n"))
}

/// The event of a change from here.
fn event(instance: &Instance, name: &str, mut details: serde_json::Value) -> crate::store::AuditEntry {
    // Done by whoever may read the server's key, who has no name here.
    details["By"] = json!("command line");
    instance.entry(&Event { source: audit::DIRECTORY, name, details, ..Event::default() })
}

fn keep(instance: &Instance, wanted: &LdapSource, is_typed: bool) -> Result<String> {
    open(instance, wanted)?;
    let entry = event(instance, set_up::EVENT, set_up::details(&wanted.settings, is_typed));
    instance.store.put_ldap_source(wanted, &entry)?;
    Ok(if super::is_source(instance)? {
        "The directory is saved, and asked so from now on.".to_owned()
    } else {
        "The directory is saved, and not in use yet: latchkey-server identity-source ldap use says what that changes."
            .to_owned()
    })
}

fn take(instance: &Instance, yes: bool) -> Result<String> {
    let (store, kept) = (&instance.store, kept(instance)?);
    ensure!(!super::is_source(instance)?, "people sign in with the directory's passwords already");
    let affected = store.affected_by_source(instance.now())?;
    let told = forecast(instance, &kept, &affected)?;
    if !yes {
        return Ok(format!("{told}\nNothing was changed. Run it again with --yes to do it."));
    }
    let details = json!({ "IdentitySource": "ACTIVE_DIRECTORY", "EndedSessions": affected.sessions });
    let entry = event(instance, "UpdateIdentitySource", details);
    match store.change_identity_source(SourceKind::Ldap, instance.now(), &entry)? {
        SourceChange::Done => {}
        SourceChange::IsIt | SourceChange::NotSetUp => {
            bail!("somebody else changed the identity source; nothing was done")
        }
    }
    let report = sync::sync(instance, false)?;
    let synced = report.map_or_else(|| "A sync is under way.".to_owned(), |report| report.told());
    Ok(format!(
        "{told}\nPeople sign in with passwords of the directory now. Everybody was signed out.\n{synced}"
    ))
}

/// What is kept and what is lost, and who gets in afterwards.
fn forecast(instance: &Instance, kept: &LdapSource, affected: &Affected) -> Result<String> {
    let source = Arc::new(open(instance, kept)?);
    let known = access::known_names(instance, &source, &affected.administrators).context(
        "who can sign in afterwards is not known; latchkey-server identity-source ldap test says more",
    )?;
    let administrators = if known.is_empty() {
        format!(
            "None of the administrators ({}) is in the directory: nobody can administer this server afterwards.",
            affected.administrators.join(", ")
        )
    } else {
        format!("These administrators are in the directory and can sign in afterwards: {}.", known.join(", "))
    };
    let Affected { users, groups, assignments, devices, sessions, tokens, .. } = affected;
    let Settings { servers, .. } = &kept.settings;
    Ok(format!(
        "To the directory at {}.\n\
         Kept: users ({users}) and groups ({groups}), which are matched anew by their names; assignments ({assignments}); \
         MFA devices ({devices}).\n\
         Not used: passwords of this server.\n\
         Ends: live sign-ins ({sessions}), access tokens of provisioning ({tokens}), links to set a password, trusted \
         browsers.\n\
         {administrators}\n\
         The way back is latchkey-server identity-source use-directory.",
        servers.join(", ")
    ))
}
