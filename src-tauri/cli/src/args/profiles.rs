//! The command line of `latch profiles`.

use super::Session;
use clap::{Args, Subcommand, ValueEnum};

/// What `latch profiles` does.
#[derive(Debug, Subcommand)]
pub enum Profiles {
    /// List the profiles of the AWS config file, and whose they are
    Ls,
    /// Write a profile for every role that you can reach
    ///
    /// Shows the change as a diff first and asks. Only profiles that were written by this are changed, or
    /// removed when their role is gone; everything else in the file stays as it is, byte for byte. Before a
    /// change, a dated copy of the file is made beside it.
    ///
    /// Names come from a template, which is remembered: {account}-{role} unless you say otherwise. Its
    /// fields are {account}, {account_id}, {role}, {organisation}, {region} and {environment}; what a name
    /// cannot hold becomes "-". Where two roles would get one name, or the name is another profile's, the
    /// account's number comes behind it, then the organisation's address, then a number. A role that has a
    /// name of the template keeps it.
    Sync(Sync),
    /// Add one profile by name
    ///
    /// For a role that you can reach, or with --chain-from for a role that is assumed with the credentials
    /// of another profile. AWS's tools assume it themselves; with session tags, for which they have no
    /// setting, or with --delivery process, they ask latch, which does.
    Add(Add),
    /// Take over what other tools have set up
    ///
    /// Looks at ~/.aws/config and at the set-ups of Granted, aws-sso-cli, aws-vault and Leapp, tells which
    /// organisations and profiles there are, and offers to add the organisations. With --take-over their
    /// profiles become Latchkey's, under the names they have, after the change was shown.
    Import(Import),
    /// Remove a profile
    Rm {
        /// Its name
        name: String,
        /// Also one that Latchkey did not write
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        consent: Consent,
    },
}

/// How the person agrees.
#[derive(Clone, Copy, Debug, Args)]
pub struct Consent {
    /// Show the change and leave it at that
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Yes to the question before the change
    #[arg(long, short)]
    pub yes: bool,
}

/// How AWS's tools get the credentials of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Delivery {
    /// By themselves: sso_session, for organisations at AWS
    Sso,
    /// From latch: credential_process
    Process,
}

/// `latch profiles sync`.
#[derive(Debug, Args)]
pub struct Sync {
    /// One organisation only, by its name or start URL
    #[arg(long, visible_alias = "organization")]
    pub organisation: Option<String>,
    /// How profiles are named; remembered
    #[arg(long)]
    pub template: Option<String>,
    /// The region of all profiles; without it a new one gets its organisation's
    #[arg(long)]
    pub region: Option<String>,
    /// How credentials come; without it as the organisation's server allows
    #[arg(long, value_enum)]
    pub delivery: Option<Delivery>,
    /// Remove profiles of roles that you cannot reach any more
    #[arg(long)]
    pub remove_stale: bool,
    #[command(flatten)]
    pub consent: Consent,
}

/// `latch profiles import`.
#[derive(Debug, Args)]
pub struct Import {
    /// Make their profiles Latchkey's
    #[arg(long)]
    pub take_over: bool,
    /// Of this organisation only, by its name or id; needed where you are several users of one
    #[arg(long, value_name = "NAME", visible_alias = "organization")]
    pub organisation: Option<String>,
    /// Of these tools only
    #[arg(long, value_enum)]
    pub from: Vec<Tool>,
    #[command(flatten)]
    pub consent: Consent,
}

/// Whose set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tool {
    /// Profiles that AWS's own tools sign in for
    Aws,
    /// Granted
    Granted,
    /// aws-sso-cli
    AwsSsoCli,
    /// aws-vault
    AwsVault,
    /// Leapp
    Leapp,
}

/// `latch profiles add`.
#[derive(Debug, Args)]
pub struct Add {
    /// The profile's name
    pub name: String,
    /// The account's name or number
    #[arg(long, requires = "role", conflicts_with = "chain_from")]
    pub account: Option<String>,
    /// The role's name
    #[arg(long, requires = "account", conflicts_with = "chain_from")]
    pub role: Option<String>,
    /// Of this organisation, where several have such a role
    #[arg(long, value_name = "NAME", requires = "role", visible_alias = "organization")]
    pub organisation: Option<String>,
    /// The region; without it the organisation's
    #[arg(long)]
    pub region: Option<String>,
    /// How credentials come; without it as the organisation's server allows, and what is asked for
    #[arg(long, value_enum)]
    pub delivery: Option<Delivery>,
    /// The profile whose credentials assume the role
    #[arg(long, requires = "role_arn", required_unless_present = "account")]
    pub chain_from: Option<String>,
    /// The role to assume, such as arn:aws:iam::111122223333:role/Deploy
    #[arg(long, requires = "chain_from")]
    pub role_arn: Option<String>,
    #[command(flatten)]
    pub session: Session,
    #[command(flatten)]
    pub consent: Consent,
}
