//! What can be wrong with a team's file, in words.

use crate::{commands::profiles, find::Stop, pick};
use adapters::team::TeamError;
use engine::model::team::TeamFault;
use std::path::Path;

/// A file that cannot be read, or whose signature does not fit.
pub fn unreadable(path: &Path, error: &TeamError) -> Stop {
    let shown = pick::plain(&path.display().to_string());
    match error {
        TeamError::Tampered => Stop::new(
            "tampered",
            &format!("{shown} was changed after it was signed"),
            "Nothing was taken over. Get the file anew from whoever made it.",
        ),
        TeamError::NoKey(_) => Stop::new(
            "no_key",
            &format!("There is no key to sign with: {error}"),
            "Unlock your keyring, or write it with --unsigned.",
        ),
        _ => Stop::new("failed", &format!("{shown} cannot be used: {}", pick::plain(&error.to_string())), ""),
    }
}

/// A file whose contents cannot be used.
pub fn fault(path: &Path, fault: &TeamFault) -> Stop {
    let what = match fault {
        TeamFault::Form(form) => format!("it has form {form}, which this version does not know"),
        TeamFault::Name(name) => format!("\"{}\" is no name to show", pick::plain(name)),
        TeamFault::Url(url) => format!("{} is not a plain https address", pick::plain(url)),
        TeamFault::Elsewhere(url) => {
            format!("{} is AWS's, and the file names other servers for it", pick::plain(url))
        }
        TeamFault::Region(region) => format!("\"{}\" is no region", pick::plain(region)),
        TeamFault::Pattern(pattern, why) => {
            format!("the pattern \"{}\" cannot be read: {}", pick::plain(pattern), pick::plain(why))
        }
        TeamFault::Template(error) => return profiles::template_fault("of the file", error),
        TeamFault::Twice(url) => format!("{} is in it twice", pick::plain(url)),
        TeamFault::TooMany => "it has more entries than any team".to_owned(),
    };
    let shown = pick::plain(&path.display().to_string());
    Stop::new("failed", &format!("{shown} cannot be used: {what}"), "Nothing was taken over.")
}
