//! What a profile that `latch profiles` wrote asks this program for, so that it can be asked for by name.

use crate::{
    args::{Command, Latch, Whose},
    find::Stop,
    pick,
};
use adapters::{
    foreign,
    home::Home,
    profiles::{AwsProfiles, ListedProfile, Whose as Writer},
};
use clap::Parser;
use std::env;

/// Such a profile.
pub struct Written {
    /// What its `credential_process` asks for.
    pub whose: Whose,
    /// The region that tools use with it.
    pub region: Option<String>,
}

/// The profile of that very name; `None` where there is none of ours, or one whose role is found by its name
/// as well. A file that cannot be read has none: what was typed may be a role.
///
/// # Errors
/// It is one whose role AWS's tools assume by themselves.
pub fn written(name: &str) -> Result<Option<Written>, Stop> {
    let Ok(home) = Home::resolve(&|name| env::var_os(name)) else { return Ok(None) };
    let listing = AwsProfiles::new(&|name| env::var_os(name), &home).listing().unwrap_or_default();
    listing.profile(name).map_or(Ok(None), of)
}

fn of(listed: &ListedProfile) -> Result<Option<Written>, Stop> {
    // Another's line is not for us to read: it may ask for anything.
    if !matches!(listed.whose, Writer::Ours(_)) {
        return Ok(None);
    }
    if let Some(arn) = &listed.role_arn {
        let title = format!(
            "AWS's tools assume {} of the profile {} by themselves",
            pick::plain(arn),
            pick::plain(&listed.name)
        );
        let next = format!(
            "Name the profile to them: AWS_PROFILE={0}. Or have latch assume it: remove the profile and add it \
             again with --delivery process.",
            pick::plain(&listed.name)
        );
        return Err(Stop::new("unsupported", &title, &next));
    }
    let words = listed.process.as_deref().and_then(foreign::words);
    // The first word is the program, whatever it is called.
    match words.map(Latch::try_parse_from) {
        Some(Ok(Latch { command: Command::Credentials(whose), .. })) => {
            Ok(Some(Written { whose, region: listed.region.clone() }))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use adapters::profiles::Origin;

    fn profile(whose: Writer, process: &str) -> ListedProfile {
        let (process, region) = (Some(process.to_owned()), Some("eu-west-1".to_owned()));
        ListedProfile { name: "x".to_owned(), whose, process, region, ..ListedProfile::default() }
    }

    #[test]
    fn a_line_of_ours_is_read_as_it_was_written() {
        let line = "\"/my tools/latch\" credentials --role 111122223333/Dev --assume=arn:aws:iam::1:role/x \"--tag=Ticket=PAY 7\"";
        let found = of(&profile(Writer::Ours(Origin::Added), line)).unwrap().unwrap();
        assert_eq!(found.whose.role.as_deref(), Some("111122223333/Dev"));
        assert_eq!(found.whose.assume.assume.as_deref(), Some("arn:aws:iam::1:role/x"));
        assert_eq!(found.whose.assume.session.tag, [("Ticket".to_owned(), "PAY 7".to_owned())]);
        assert_eq!(found.region.as_deref(), Some("eu-west-1"));
    }

    #[test]
    fn nothing_else_is() {
        let line = "latch credentials --role 111122223333/Dev";
        assert!(of(&profile(Writer::Theirs, line)).unwrap().is_none());
        for other in ["latch logout --all", "latch credentials", "latch credentials --role \"x", ""] {
            assert!(of(&profile(Writer::Ours(Origin::Added), other)).unwrap().is_none(), "{other}");
        }
        let chained = ListedProfile {
            role_arn: Some("arn:aws:iam::1:role/x".to_owned()),
            ..profile(Writer::Ours(Origin::Added), "")
        };
        assert!(of(&chained).is_err());
    }
}
