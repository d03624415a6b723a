//! The command line of `latch team`.

use super::profiles::Consent;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What `latch team` does.
#[derive(Debug, Subcommand)]
pub enum Team {
    /// Write a file with your organisations, rules and naming template, signed by you
    ///
    /// In it are start URLs, regions and endpoints, names, colours, the rules that tell environments apart
    /// and the template by which profiles are named; nothing else. The key that signs is made the first
    /// time and kept in your keyring.
    Export(Export),
    /// Show what a file would change, and who signed it
    Show {
        /// The file
        file: PathBuf,
    },
    /// Take over what a file shares, after it was shown
    ///
    /// The first signer of a team or a start URL is remembered; where nobody looks (--yes), its fingerprint
    /// has to be given. A file of theirs that another signed, or nobody, is refused. Rules for which Latchkey
    /// would ask less than now about an account are agreed to apart.
    Apply(Apply),
}

/// `latch team export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The file to write; one that is there stays
    pub file: PathBuf,
    /// What the team calls itself; without it the first organisation's name
    #[arg(long)]
    pub name: Option<String>,
    /// These organisations only, by name or start URL
    #[arg(long, visible_alias = "organization")]
    pub organisation: Vec<String>,
    /// An organisation's colour, as NAME=COLOUR: pink, purple, darkBlue, lightBlue, teal, green, yellow,
    /// orange or red
    #[arg(long)]
    pub colour: Vec<String>,
    /// Do not sign
    #[arg(long)]
    pub unsigned: bool,
}

/// `latch team apply`.
#[derive(Debug, Args)]
pub struct Apply {
    /// The file
    pub file: PathBuf,
    /// Also when nobody signed it
    #[arg(long)]
    pub unsigned: bool,
    /// The fingerprint of a signer that was not seen before, or where another signed before
    #[arg(long)]
    pub new_signer: Option<String>,
    /// Also when Latchkey would ask less than now about accounts that are here
    #[arg(long)]
    pub lower_safety: bool,
    #[command(flatten)]
    pub consent: Consent,
}
