//! `latchkey-server admin invite`: makes somebody an administrator and prints a link to set their password. It
//! works beside a running server.

use std::{
    io::{self, Write},
    path::Path,
};

use anyhow::{Context, Result, bail, ensure};
use jiff::SignedDuration;
use serde_json::json;

use super::user_form::{is_email, is_username};
use crate::{
    admin::blank_user,
    audit::{self, Event},
    config,
    instance::Instance,
    organisation::User,
};

/// How long a link is good.
const LINK_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// Invites the person of this user name or email address; one that is not there is created.
///
/// # Errors
/// What kept it from happening, with what to do.
pub fn run(config: &Path, user: &str, email: Option<&str>) -> Result<()> {
    let instance = config::beside(config)?;
    let link = invite(&instance, user, email)?;
    writeln!(
        io::stdout(),
        "Open this link within 24 hours and set a password; it works once. Then sign in and open {}\n{link}",
        instance.addresses.url("/admin")
    )
    .context("could not print")
}

/// Makes a person an administrator; gives a link to set their password.
///
/// # Errors
/// That nobody can be created under that name, or the store failed.
pub fn invite(instance: &Instance, name: &str, email: Option<&str>) -> Result<String> {
    let now = instance.now();
    let known = instance.store.user_by_login(name)?;
    let is_new = known.is_none();
    let user = match known {
        Some(user) if !user.enabled => {
            bail!("{name} is disabled; an administrator who can sign in enables them, or name somebody else")
        }
        Some(user) => user,
        None => new_user(instance, name, email)?,
    };
    let token = instance.chance.token();
    let ends = now.checked_add(LINK_LASTS).unwrap_or(now);
    let event = |name| {
        // Done by whoever may read the server's key, who has no name here.
        let details = json!({ "UserId": user.id, "UserName": user.username, "By": "command line" });
        instance.entry(&Event { source: audit::DIRECTORY, name, details, ..Event::default() })
    };
    let created = is_new.then(|| event("CreateUser"));
    let entries: Vec<_> = created.into_iter().chain([event("AppointAdministrator")]).collect();
    if !instance.store.invite_administrator(&user, (token.digest(), ends), now, &entries)? {
        bail!("the email address {} is somebody else's; give another with --email", user.email);
    }
    Ok(instance.addresses.url(&format!("/sign-in/reset?token={}", token.expose())))
}

fn new_user(instance: &Instance, name: &str, email: Option<&str>) -> Result<User> {
    let username = name.trim().to_lowercase();
    ensure!(
        is_username(&username),
        "nobody is called {name:?}, and nobody can be: a user name has 2 to 64 letters, digits and _+=,.@-"
    );
    let email = match email {
        Some(email) => email.trim(),
        None if is_email(&username) => &username,
        None => bail!("nobody is called {name:?}; give --email too, and the user is created"),
    };
    ensure!(is_email(email), "{email:?} is no email address");
    Ok(User {
        display_name: username.clone(),
        email: email.to_owned(),
        username,
        ..blank_user(instance.ids().random(), instance.now()).user
    })
}
