//! `latchkey-server password reset`: a password for one use, which its owner replaces at the next sign-in.

use std::{
    io::{self, Write},
    path::Path,
};

use anyhow::{Context, Result};
use serde_json::json;

use crate::{
    audit::{self, Event},
    config,
    instance::Instance,
    organisation::User,
    passwords,
    secret::Token,
    store::{AuditEntry, NewPassword, Password},
};

/// Gives the person of this user name or email address a password for one use, and prints it.
///
/// # Errors
/// What kept it from happening, with what to do.
pub fn run(config: &Path, user: &str) -> Result<()> {
    let instance = config::beside(config)?;
    let password = give(&instance, user)?;
    writeln!(io::stdout(), "{}", password.expose()).context("could not print")
}

/// Gives a password for one use. All of the person's sessions end.
///
/// # Errors
/// That nobody has that name, or the store failed.
pub fn give(instance: &Instance, user: &str) -> Result<Token> {
    let user = &instance
        .store
        .user_by_login(user)?
        .with_context(|| format!("nobody is called {user:?}; name a user of the organisation"))?;
    let event = instance.entry(&Event {
        source: audit::DIRECTORY,
        name: "UpdatePassword",
        details: json!({ "UserId": user.id, "By": "administrator" }),
        ..Event::default()
    });
    give_to(instance, user, &event)
}

/// A new one, in clear for who hands it over and as it is kept.
///
/// # Errors
/// That it could not be hashed.
pub fn draw(instance: &Instance) -> Result<(Token, Password)> {
    let password = instance.chance.password();
    let hash = passwords::hash(&password, &instance.chance)
        .map_err(|error| anyhow::anyhow!("could not hash: {error}"))?;
    Ok((password, Password { hash, earlier: Vec::new(), must_change: true }))
}

/// The same for a person who is known, with the event of who gives it.
///
/// # Errors
/// That the store failed.
pub fn give_to(instance: &Instance, user: &User, event: &AuditEntry) -> Result<Token> {
    let user_id = instance.user_id(user);
    let (password, drawn) = draw(instance)?;
    let earlier = match instance.store.password(&user_id)? {
        Some(before) if before.must_change => before.earlier,
        Some(before) => std::iter::once(before.hash).chain(before.earlier).take(2).collect(),
        None => Vec::new(),
    };
    let given = Password { earlier, ..drawn };
    let new = NewPassword { user_id: &user_id, password: &given, session: None, half: None, link: None };
    instance.store.set_password(&new, instance.now(), event)?;
    Ok(password)
}
