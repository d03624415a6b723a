//! Getting keys: by profile or role, asking before production where somebody can be asked.

use super::profiles;
use crate::{
    access::{Access, AccessError},
    args::{Assumed, Named, Session, Whose},
    exit, fast,
    find::{self, Stop, ask, unexpected},
    out, pick, rank,
};
use link::{Assume, Confirm, Credentials, LinkError, Reply, Request, Role, Wanted};
use std::io::{self, BufRead};

/// `latch credentials`.
pub fn credentials(access: &mut Access, whose: &Whose) -> Result<u8, Stop> {
    let meant = of_whose(access, whose)?;
    let keys = answer(access, &meant, !whose.no_sign_in, whose.yes)?;
    Ok(if out::secret(&fast::document(&keys)) { 0 } else { exit::FAILED })
}

fn of_whose(access: &mut Access, whose: &Whose) -> Result<Meant, Stop> {
    let of = match (&whose.profile, &whose.role) {
        (Some(profile), _) => Wanted::Profile(profile.clone()),
        (None, Some(words)) => {
            let (account, role) = rank::in_full(words).ok_or_else(|| {
                let title = format!("\"{}\" does not name a role in full", pick::plain(words));
                Stop::new("not_found", &title, "Write it as ACCOUNT/ROLE. See what there is: latch ls")
            })?;
            Wanted::Role(find::exact_role(access, account, role, whose.organisation.as_deref())?)
        }
        // The argument framework demands one of them.
        (None, None) => return Err(unexpected()),
    };
    Ok(Meant { of, assume: assumed(&whose.assume)? })
}

/// What to ask for: credentials of a profile or role, or of another role that is assumed with these.
pub struct Meant {
    of: Wanted,
    assume: Option<Assume>,
}

impl Meant {
    fn plain(of: Wanted) -> Self {
        Self { of, assume: None }
    }

    /// The question; `sign_in` opens a browser where that is needed, `confirmed` is the person's word.
    pub fn request(&self, sign_in: bool, confirmed: bool) -> Request {
        let of = self.of.clone();
        match self.assume.clone() {
            None => Request::Credentials { of, sign_in, confirmed },
            Some(assume) => Request::Assume { of, assume, sign_in, confirmed },
        }
    }
}

/// Keys of a profile of that name, else of the role that is meant.
pub fn named(access: &mut Access, whose: &Named) -> Result<Credentials, Stop> {
    meant(access, whose).map(|(_, keys)| keys)
}

/// As [`named`], with what to ask for to get the next ones.
pub fn meant(access: &mut Access, whose: &Named) -> Result<(Meant, Credentials), Stop> {
    if let Some(name) = &whose.name {
        let profile = Meant::plain(Wanted::Profile(name.clone()));
        match answer(access, &profile, true, whose.yes) {
            Err(Stop::Problem(problem)) if problem.code == "unknown_profile" => {}
            other => return other.map(|keys| (profile, keys)),
        }
        if let Some(written) = profiles::written(name)? {
            let meant = of_whose(access, &written.whose)?;
            let mut keys = answer(access, &meant, true, whose.yes)?;
            keys.region = written.region.unwrap_or(keys.region);
            return Ok((meant, keys));
        }
    }
    let words = whose.name.as_deref().unwrap_or_default();
    let role = Meant::plain(Wanted::Role(match rank::in_full(words) {
        Some((account, role)) => find::exact_role(access, account, role, None)?,
        None => find::role(access, words)?,
    }));
    answer(access, &role, true, whose.yes).map(|keys| (role, keys))
}

/// The role to assume, if one is.
fn assumed(wanted: &Assumed) -> Result<Option<Assume>, Stop> {
    let Session { session_name, external_id, duration, tag, transitive_tag } = wanted.session.clone();
    let Some(role_arn) = wanted.assume.clone() else {
        return wanted.session.first_flag().map_or(Ok(None), |flag| {
            let title = format!("{flag} is of a role that is assumed, and none was named");
            Err(Stop::new("usage", &title, "Name it: --assume arn:aws:iam::111122223333:role/NAME"))
        });
    };
    let (tags, transitive) = (tag.into_iter().collect(), transitive_tag.into_iter().collect());
    Ok(Some(Assume { role_arn, session_name, external_id, seconds: duration, tags, transitive }))
}

fn answer(access: &mut Access, meant: &Meant, sign_in: bool, yes: bool) -> Result<Credentials, Stop> {
    match ask(access, &meant.request(sign_in, yes))? {
        Reply::Credentials(keys) => Ok(keys),
        // Nobody reads here, as with AWS's own tools: Latchkey's window asks, where there is one.
        Reply::Confirm(confirm) if !out::can_ask() => {
            let request = Request::AskInWindow { request: Box::new(meant.request(sign_in, false)) };
            match access.ask(&request) {
                Ok(Reply::Credentials(keys)) => Ok(keys),
                Ok(Reply::Failed(problem)) => Err(Stop::Problem(problem)),
                // No window is there, or one that is older.
                Ok(_) | Err(AccessError::Link(LinkError::Refused(_))) => Err(unconfirmed(&confirm)),
                Err(error) => Err(error.into()),
            }
        }
        Reply::Confirm(confirm) => {
            agree(&confirm, "Get credentials")?;
            match ask(access, &meant.request(sign_in, true))? {
                Reply::Credentials(keys) => Ok(keys),
                _ => Err(unexpected()),
            }
        }
        _ => Err(unexpected()),
    }
}

/// Asks the person, who may say no; where nobody can be asked, it is a no.
pub fn agree(confirm: &Confirm, act: &str) -> Result<(), Stop> {
    if !out::can_ask() {
        let title = format!("{} has to be confirmed", whose(confirm));
        return Err(Stop::new("not_confirmed", &title, "Confirm with --yes."));
    }
    let whose = whose(confirm);
    if let Some(instead) = &confirm.instead {
        out::tell(&format!("{} is also available here.", pick::plain(instead)));
    }
    out::tell(&format!("{act} of {whose}? Changes there may affect live systems. [y/N]"));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    match (read, answer.trim().to_lowercase().as_str()) {
        (Ok(_), "y" | "yes") => Ok(()),
        _ => Err(Stop::new("not_confirmed", "Not confirmed", "Nothing was done.")),
    }
}

fn whose(confirm: &Confirm) -> String {
    let (name, role) = (pick::plain(&confirm.account_name), pick::plain(&confirm.role));
    format!("{name}, {}, as {role}", view::words::group_account_id(&confirm.account))
}

fn unconfirmed(confirm: &Confirm) -> Stop {
    let title = format!("{} has to be confirmed", whose(confirm));
    let next = "Confirm with --yes, keep a profile of it in Latchkey, or let Latchkey run: its window asks.";
    Stop::new("not_confirmed", &title, next)
}

/// A role by its letters, for what shows the person which one it is.
pub fn role(access: &mut Access, whose: &Named) -> Result<Role, Stop> {
    find::role(access, whose.name.as_deref().unwrap_or_default())
}
