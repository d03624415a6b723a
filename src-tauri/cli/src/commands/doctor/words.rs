//! What was found, in words: what it is, what it means, and what to do.

use crate::pick::plain;
use adapters::doctor::{Hiding, Repair, Trouble, What};
use std::path::Path;

/// The words for a finding.
pub struct Words {
    /// The check, for programs.
    pub check: &'static str,
    /// What it is.
    pub title: String,
    /// What it means.
    pub meaning: String,
    /// What to do, where no repair is offered.
    pub next: String,
}

/// The check, what it is, what it means, what to do.
type Said = (&'static str, String, &'static str, &'static str);

fn shown(path: &Path) -> String {
    plain(&path.display().to_string())
}

/// The words for what was found.
pub fn of(what: &What) -> Words {
    let (check, title, meaning, next) = said(what);
    Words { check, title, meaning: meaning.to_owned(), next: next.to_owned() }
}

fn said(what: &What) -> Said {
    match what {
        What::Unreadable { path, line, why } => (
            "unreadable_line",
            format!("{}, line {line}: {why}", shown(path)),
            "AWS's tools reject the whole file because of it.",
            "",
        ),
        What::Failed { why } => ("failed", plain(why), "This could not be looked at.", ""),
        What::OpenToOthers { path, mode } => (
            "permissions",
            format!("{} has the permissions {mode:04o}", shown(path)),
            "Others on this computer can read it or put something else in its place.",
            "",
        ),
        What::Hidden { profile, why } => hidden(&plain(profile), why),
        What::NoProgram { program, profiles } => no_program(&plain(program), profiles),
        What::OtherLatch { path } => (
            "latch_on_path",
            format!("{} is another latch than this one", shown(path)),
            "Profiles that name latch are answered by that one.",
            "Remove the one that you do not want, or change PATH.",
        ),
        What::Leftover { path, tool } => (
            "leftover",
            format!("{} was left by {tool}", shown(path)),
            "It may hold keys that still work.",
            "Delete it when you are sure that you do not need it.",
        ),
        What::OurTemp { path } => (
            "leftover",
            format!("{} was left by a Latchkey that was ended while it wrote", shown(path)),
            "It may hold keys. The file that it was for is whole.",
            "",
        ),
        What::CacheExpired { path } => {
            ("sso_cache", format!("{} has expired", shown(path)), "No tool can use it any more.", "")
        }
        What::CacheDamaged { path } => (
            "sso_cache",
            format!("{} is no JSON", shown(path)),
            "AWS's tools fail on it until it is gone; they make a new one at the next sign-in.",
            "",
        ),
        What::CacheForeign { path, scopes } => (
            "sso_cache",
            format!("{} is registered for {}", shown(path), plain(&scopes.join(", "))),
            "A tool that takes it for a sign-in to accounts is refused. Its own program needs it, so it stays.",
            "",
        ),
        What::NoKeyring { locked: true, why } => (
            "keyring",
            format!("The keyring is locked: {}", plain(why)),
            "Sign-ins are kept in memory only, and end with each command.",
            "Unlock your keyring, for instance by signing in to your desktop.",
        ),
        What::NoKeyring { locked: false, why } => (
            "keyring",
            format!("There is no keyring: {}", plain(why)),
            "Sign-ins are kept in memory only, and end with each command.",
            "Install and start one, such as gnome-keyring or KWallet.",
        ),
        What::Network { organisation, host, trouble } => network(&plain(organisation), &plain(host), trouble),
    }
}

fn no_program(program: &str, profiles: &[String]) -> Said {
    let names = profiles.iter().map(|name| plain(name)).collect::<Vec<_>>().join(", ");
    let latch = program == "latch" || program.ends_with("/latch");
    let (check, next) = if latch {
        ("latch_on_path", "Put latch on PATH, or run latch profiles sync, which writes where it is.")
    } else {
        ("leftover", "Install it again, or take the profiles over: latch profiles import --take-over")
    };
    let title = format!("{program} is not there, and these profiles ask it: {names}");
    (check, title, "They have no credentials.", next)
}

fn hidden(profile: &str, why: &Hiding) -> Said {
    let (title, meaning, next) = match why {
        Hiding::Twice { counts } => (
            format!("Two sections define the profile {profile}, and tools take [{}]", plain(counts)),
            "They pass the other one by.",
            "Remove one of them.",
        ),
        Hiding::NoPrefix => (
            format!("The section [{profile}] of the config file has no \"profile\" before its name"),
            "Tools pass it by.",
            "Write it as [profile NAME].",
        ),
        Hiding::KeysBeforeProgram => (
            format!(
                "The profile {profile} has keys in the credentials file and a program in the config file"
            ),
            "Tools take the keys and never ask the program.",
            "Remove the keys, or give one of the two another name.",
        ),
        Hiding::SsoAndKeys => (
            format!("The profile {profile} has keys in the credentials file and signs in by SSO too"),
            "Most tools sign in, those written in Go take the keys.",
            "Remove the keys, or give one of the two another name.",
        ),
        Hiding::CaseOnly { other } => (
            format!("The profiles {profile} and {} differ in upper and lower case alone", plain(other)),
            "One is easily taken for the other.",
            "Give one of them another name.",
        ),
        Hiding::NoSource { source } => (
            format!("The profile {profile} takes its credentials from {}, which is not there", plain(source)),
            "It has no credentials.",
            "Add that profile, or correct source_profile.",
        ),
        Hiding::NoSession { session } => (
            format!("The profile {profile} signs in by [sso-session {}], which is not there", plain(session)),
            "It has no credentials.",
            "Add that section, or run latch profiles sync.",
        ),
    };
    ("profile_names", title, meaning, next)
}

fn network(organisation: &str, host: &str, trouble: &Trouble) -> Said {
    let whose = if organisation.is_empty() { String::new() } else { format!("{organisation}: ") };
    match trouble {
        Trouble::Unreachable => (
            "unreachable",
            format!("{whose}{host} does not answer"),
            "Nobody can sign in there, and no credentials come from there.",
            "Check the network, the VPN and the proxy.",
        ),
        Trouble::Untrusted { reason } => (
            "tls",
            format!("{whose}the certificate of {host} is not valid: {}", plain(reason)),
            "Nothing is sent there. A proxy that looks into connections may be in between.",
            "If your company runs one, name its certificate in AWS_CA_BUNDLE or in [network] ca_file.",
        ),
        Trouble::NoTrust { reason } => (
            "tls",
            format!("{whose}certificates cannot be checked: {}", plain(reason)),
            "Nothing is sent anywhere.",
            "Install the package ca-certificates, or correct the file of certificates.",
        ),
        Trouble::Intercepted { issuer } => (
            "tls",
            format!("{whose}{} signs for {host}, not AWS", plain(issuer)),
            "A proxy that this computer trusts looks into the connection, and sees tokens and credentials.",
            "If that is not your company's proxy, do not sign in here.",
        ),
        Trouble::Skew { seconds } => {
            let way = if *seconds > 0 { "fast" } else { "slow" };
            let off = seconds.unsigned_abs();
            let much = if off >= 120 { format!("{} min", off / 60) } else { format!("{off} s") };
            (
                "clock",
                format!("The clock of this computer is {much} {way}, by the clock of {host}"),
                "AWS refuses requests that are more than 5 minutes off.",
                "Set it, for instance: sudo timedatectl set-ntp true",
            )
        }
    }
}

/// What a repair does.
pub fn repair(repair: &Repair) -> String {
    match repair {
        Repair::CommentOut(path) => {
            format!(
                "make comments of the lines of {} that tools cannot read, with a copy beside it.",
                shown(path)
            )
        }
        Repair::Private(path) => format!("make {} readable by you alone.", shown(path)),
        Repair::FolderPrivate(path) => format!("let nobody but you write in {}.", shown(path)),
        Repair::MoveAside(path) => format!("move {} into the folder latchkey-moved beside it.", shown(path)),
        Repair::Delete(path) => format!("delete {}.", shown(path)),
    }
}
