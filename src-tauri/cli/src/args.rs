//! The command line.

pub mod profiles;
pub mod team;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;

/// Latchkey in a terminal: credentials for programs, consoles, sign-ins.
#[derive(Debug, Parser)]
#[command(name = "latch", version, disable_help_subcommand = true, after_help = EXITS)]
pub struct Latch {
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const EXITS: &str =
    "Exit status: 0 done, 1 failed, 2 bad command line, 3 sign-in needed, 4 role not assigned,
5 not confirmed, 6 not found or ambiguous, 7 no answer from Latchkey or the server,
8 no touch of a security key, or not allowed in the window.
exec ends with the command's own status, 127 when it is not found. doctor ends with 1 while something
serious is wrong.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign in, in the browser
    Login {
        /// An organisation's name, or the start URL of a new one
        organisation: Option<String>,
        /// Show a code to enter in a browser elsewhere
        #[arg(long, visible_alias = "use-device-code")]
        code: bool,
        #[command(flatten)]
        new: NewOrganisation,
    },
    /// Sign out
    Logout {
        /// An organisation's name; without it the only one, or all with --all
        organisation: Option<String>,
        /// All organisations
        #[arg(long)]
        all: bool,
    },
    /// Who is signed in until when, and how the profiles stand
    Status,
    /// List roles and apps
    Ls {
        /// A few letters of account, role, number or environment
        query: Vec<String>,
    },
    /// Credentials as credential_process wants them
    Credentials(Whose),
    /// Credentials as lines for the shell: eval "$(latch env NAME)"
    Env {
        #[command(flatten)]
        whose: Named,
        /// The shell; without it the one this is started from
        #[arg(long, value_enum)]
        shell: Option<Shell>,
    },
    /// Run one command with credentials in its environment
    Exec {
        #[command(flatten)]
        whose: Named,
        /// The command, after --
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
    /// Serve credentials to programs that ask for them as in a container
    ///
    /// For programs that run for long on this computer, and containers that share its network
    /// (--network host). With a command, it is run with what it needs in its environment and served until
    /// it ends; without one, lines for the shell are printed and whoever has the token is served until
    /// this is interrupted.
    Serve {
        #[command(flatten)]
        whose: Named,
        /// The port; without it a free one
        #[arg(long)]
        port: Option<u16>,
        /// The command, after --
        #[arg(last = true)]
        command: Vec<OsString>,
    },
    /// Open a console in the browser
    Console {
        #[command(flatten)]
        whose: Named,
        /// The service to land on, such as s3
        #[arg(long)]
        service: Option<String>,
        /// The region to land in
        #[arg(long)]
        region: Option<String>,
        /// A console address to land on
        #[arg(long, conflicts_with = "service")]
        url: Option<String>,
    },
    /// Open an app in the browser
    Open {
        /// A few letters of its name
        query: Vec<String>,
    },
    /// Profiles of everything you can reach, in the AWS config file
    #[command(args_conflicts_with_subcommands = true)]
    Profiles {
        #[command(subcommand)]
        action: Option<profiles::Profiles>,
    },
    /// What a team shares, in a signed file
    Team {
        #[command(subcommand)]
        action: team::Team,
    },
    /// Look for what is wrong with AWS files, sign-ins and the way to the servers
    ///
    /// Looks at sections that are there twice and other lines that AWS's tools cannot read, at profiles that
    /// hide one another, at who else may read the files, at what other tools left, at expired and foreign
    /// entries of the token cache, at the keyring, at the clock, at certificates and servers that do not
    /// answer, and at whether profiles find latch. Ends with 0 when nothing serious is wrong, or when all of
    /// it was repaired; else with 1.
    Doctor {
        /// Repair what can be repaired without losing anything, after a question
        #[arg(long)]
        fix: bool,
        /// Yes to the question before the repairs
        #[arg(long, short, requires = "fix")]
        yes: bool,
    },
    /// What Latchkey did lately
    History {
        /// So many lines
        #[arg(long, short = 'n', default_value_t = 20)]
        lines: u32,
    },
    /// Completions for a shell, for its start-up file
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// The manual page
    #[command(hide = true)]
    Man,
}

/// What a new organisation needs besides its start URL. AWS's own needs none of it.
#[derive(Debug, Args)]
pub struct NewOrganisation {
    /// The region of a new organisation, where its server does not tell
    #[arg(long)]
    pub region: Option<String>,
    /// SSO-OIDC of a server of one's own
    #[arg(long, requires_all = ["portal_endpoint", "federation_endpoint", "sts_endpoint"])]
    pub oidc_endpoint: Option<String>,
    /// Its portal API
    #[arg(long, requires = "oidc_endpoint")]
    pub portal_endpoint: Option<String>,
    /// Its federation endpoint
    #[arg(long, requires = "oidc_endpoint")]
    pub federation_endpoint: Option<String>,
    /// Its STS
    #[arg(long, requires = "oidc_endpoint")]
    pub sts_endpoint: Option<String>,
}

/// A profile, a role, or letters of one.
#[derive(Debug, Args)]
pub struct Named {
    /// A profile, ACCOUNT/ROLE in full, or a few letters of both; without it you choose
    pub name: Option<String>,
    /// Yes to the question before production
    #[arg(long, short)]
    pub yes: bool,
}

/// Whose credentials, for programs.
#[derive(Debug, Args)]
pub struct Whose {
    /// The profile
    #[arg(long, short, required_unless_present = "role", conflicts_with = "role")]
    pub profile: Option<String>,
    /// Account and role instead, in full as ACCOUNT/ROLE
    #[arg(long)]
    pub role: Option<String>,
    /// Of this organisation, where several have such a role
    #[arg(long, requires = "role", visible_alias = "organization")]
    pub organisation: Option<String>,
    #[command(flatten)]
    pub assume: Assumed,
    /// Never open a browser: fail when a sign-in is needed
    #[arg(long)]
    pub no_sign_in: bool,
    /// Yes to the question before production
    #[arg(long, short)]
    pub yes: bool,
}

/// A role to assume with the credentials that are found.
#[derive(Debug, Default, Args)]
pub struct Assumed {
    /// The role to assume with these credentials, such as arn:aws:iam::111122223333:role/Deploy
    #[arg(long, value_name = "ARN")]
    pub assume: Option<String>,
    #[command(flatten)]
    pub session: Session,
}

/// How the session of an assumed role is to be.
#[derive(Clone, Debug, Default, Args)]
pub struct Session {
    /// What the session is called in the account's records; without it as you are
    #[arg(long, value_name = "NAME")]
    pub session_name: Option<String>,
    /// The external ID that the role's owner demands
    #[arg(long, value_name = "ID")]
    pub external_id: Option<String>,
    /// How long the session lasts, in seconds: 900 to 3600
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(900..=3600))]
    pub duration: Option<u32>,
    /// A session tag
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag)]
    pub tag: Vec<(String, String)>,
    /// A tag's key that goes on to roles assumed from there
    #[arg(long, value_name = "KEY")]
    pub transitive_tag: Vec<String>,
}

impl Session {
    /// The first option that was given.
    #[must_use]
    pub fn first_flag(&self) -> Option<&'static str> {
        let Self { session_name, external_id, duration, tag, transitive_tag } = self;
        [
            (session_name.is_some(), "--session-name"),
            (external_id.is_some(), "--external-id"),
            (duration.is_some(), "--duration"),
            (!tag.is_empty(), "--tag"),
            (!transitive_tag.is_empty(), "--transitive-tag"),
        ]
        .into_iter()
        .find_map(|(given, flag)| given.then_some(flag))
    }
}

/// A tag as it is typed.
fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("it has no \"=\"")?;
    if key.is_empty() { Err("its key is empty".to_owned()) } else { Ok((key.to_owned(), value.to_owned())) }
}

/// Whose syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// bash and other POSIX shells
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
    /// PowerShell
    #[value(name = "powershell", alias = "pwsh")]
    Power,
    /// cmd.exe
    Cmd,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_holds_together() {
        Latch::command().debug_assert();
    }
}
