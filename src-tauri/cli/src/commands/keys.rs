//! Getting keys: by profile or role, asking before production where somebody can be asked.

use crate::{
    access::Access,
    args::{Assumed, Named, Session, Whose},
    exit, fast,
    find::{self, Stop, ask, unexpected},
    out, pick, rank,
};
use link::{Assume, Confirm, Credentials, Reply, Request, Role, Wanted};
use std::io::{self, BufRead};

/// `latch credentials`.
pub fn credentials(access: &mut Access, whose: &Whose) -> Result<u8, Stop> {
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
    let keys = of_wanted(access, &of, assumed(&whose.assume)?.as_ref(), !whose.no_sign_in, whose.yes)?;
    Ok(if out::secret(&fast::document(&keys)) { 0 } else { exit::FAILED })
}

/// Keys of a profile of that name, else of the role that is meant.
pub fn named(access: &mut Access, whose: &Named) -> Result<Credentials, Stop> {
    meant(access, whose).map(|(_, keys)| keys)
}

/// As [`named`], with what to ask for to get the next ones.
pub fn meant(access: &mut Access, whose: &Named) -> Result<(Wanted, Credentials), Stop> {
    if let Some(name) = &whose.name {
        let profile = Wanted::Profile(name.clone());
        match of_wanted(access, &profile, None, true, whose.yes) {
            Err(Stop::Problem(problem)) if problem.code == "unknown_profile" => {}
            other => return other.map(|keys| (profile, keys)),
        }
    }
    let words = whose.name.as_deref().unwrap_or_default();
    let role = Wanted::Role(match rank::in_full(words) {
        Some((account, role)) => find::exact_role(access, account, role, None)?,
        None => find::role(access, words)?,
    });
    of_wanted(access, &role, None, true, whose.yes).map(|keys| (role, keys))
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

fn of_wanted(
    access: &mut Access,
    of: &Wanted,
    assume: Option<&Assume>,
    sign_in: bool,
    yes: bool,
) -> Result<Credentials, Stop> {
    let request = |confirmed| match assume.cloned() {
        None => Request::Credentials { of: of.clone(), sign_in, confirmed },
        Some(assume) => Request::Assume { of: of.clone(), assume, sign_in, confirmed },
    };
    match ask(access, &request(yes))? {
        Reply::Credentials(keys) => Ok(keys),
        Reply::Confirm(confirm) => {
            agree(&confirm, "Get credentials")?;
            match ask(access, &request(true))? {
                Reply::Credentials(keys) => Ok(keys),
                _ => Err(unexpected()),
            }
        }
        _ => Err(unexpected()),
    }
}

/// Asks the person, who may say no; where nobody can be asked, it is a no.
pub fn agree(confirm: &Confirm, act: &str) -> Result<(), Stop> {
    let Confirm { account_name, account, role, instead } = confirm;
    let whose = format!(
        "{}, {}, as {}",
        pick::plain(account_name),
        view::words::group_account_id(account),
        pick::plain(role)
    );
    if !out::can_ask() {
        let title = format!("{whose} has to be confirmed");
        return Err(Stop::new(
            "not_confirmed",
            &title,
            "Confirm with --yes, or keep a profile of it in Latchkey.",
        ));
    }
    if let Some(instead) = instead {
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

/// A role by its letters, for what shows the person which one it is.
pub fn role(access: &mut Access, whose: &Named) -> Result<Role, Stop> {
    find::role(access, whose.name.as_deref().unwrap_or_default())
}
