//! What an administrator does to a person.

use axum::http::StatusCode;
use serde_json::json;

use super::{
    Administrator, Answer, gone,
    page::{Link, Page, Part, Tone, way},
    user_form, users,
};
use crate::{
    audit,
    fields::Fields,
    organisation::User,
    secret::Token,
    signin::{
        PageError,
        password::{forgotten, has_password, one_time},
        see_other,
    },
    store::{AuditEntry, Dismissed},
};

fn done(user: &User, what: &str) -> Answer {
    Ok(see_other(&way("/admin/users/user", [("id", user.id.as_str()), ("done", what)])))
}

/// The person's page, saying why something was not done.
fn refused(of: &Administrator<'_>, user: &User, why: &str) -> Answer {
    let page = Page::new(&user.display_name)
        .below("/admin/users", "Users")
        .with(Part::Banner(Tone::Error, why.to_owned()));
    Ok(users::with_everything(of, page, user, &Fields::default())?.show_as(of, StatusCode::CONFLICT))
}

/// The event of something that is done to a person.
pub fn entry(of: &Administrator<'_>, name: &str, user: &User) -> AuditEntry {
    of.entry(audit::DIRECTORY, name, json!({ "UserId": user.id, "UserName": user.username }))
}

/// POST `/admin/users/enable`.
pub fn enable(of: &Administrator<'_>, fields: &Fields) -> Answer {
    set_enabled(of, fields, true)
}

/// POST `/admin/users/disable`.
pub fn disable(of: &Administrator<'_>, fields: &Fields) -> Answer {
    set_enabled(of, fields, false)
}

fn set_enabled(of: &Administrator<'_>, fields: &Fields, enabled: bool) -> Answer {
    let user = users::named(of, fields)?;
    if !enabled && user.id == of.person.user.id {
        return refused(of, &user, "You cannot disable yourself. Another administrator can.");
    }
    let entry = entry(of, if enabled { "EnableUser" } else { "DisableUser" }, &user);
    user_form::edit(of, &user, &entry, |user| user.enabled = enabled)?;
    done(&user, if enabled { "enabled" } else { "disabled" })
}

/// POST `/admin/users/delete`, with the user name `typed`.
pub fn delete(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let user = users::named(of, fields)?;
    if user.id == of.person.user.id {
        return refused(of, &user, "You cannot delete yourself. Another administrator can.");
    }
    if fields.get("typed").unwrap_or_default().trim() != user.username {
        let why = format!("Nothing was deleted. Type {} to delete the user.", user.username);
        return refused(of, &user, &why);
    }
    if of.instance.store.delete_user(&user.id, of.now(), &entry(of, "DeleteUser", &user))? {
        return Ok(see_other("/admin/users"));
    }
    Err(gone("user"))
}

/// POST `/admin/users/one-time-password`: shown this once.
pub fn one_time_password(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let user = users::named(of, fields)?;
    let password = one_time::give_to(of.instance, &user, &entry(of, "UpdatePassword", &user))
        .map_err(|error| PageError::failed(error.as_ref()))?;
    show_one_time_password(of, &user, &password, false)
}

/// Shows one that was made; of somebody who `is_new`, it is the first thing they get.
pub fn show_one_time_password(of: &Administrator<'_>, user: &User, password: &Token, is_new: bool) -> Answer {
    let text = "Hand it over in a way that nobody else reads. It is good for one sign-in, at which the user chooses a \
                password of their own. It is not shown again.";
    let created = format!("{} is created. Give them these three things.", user.display_name);
    let page = Page::new(format!("One-time password for {}", user.username))
        .below("/admin/users", "Users")
        .below(users::way_to(&user.id), &user.display_name)
        .with_some(is_new.then_some(Part::Banner(Tone::Good, created)))
        .with(Part::Copied("sign-in-address", "Sign-in address", of.instance.addresses.start_url()))
        .with(Part::Copied("user-name", "User name", user.username.clone()))
        .with(Part::Secret("One-time password", password.expose().to_owned()))
        .with(Part::Note(text.to_owned()))
        .with(Part::Links(vec![Link::new(users::way_to(&user.id), "Continue")]));
    Ok(page.show(of))
}

/// POST `/admin/users/password-link`.
pub fn password_link(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let user = users::named(of, fields)?;
    if !of.instance.mailing.sends() || user.email.is_empty() || !user.enabled {
        return refused(
            of,
            &user,
            "No message can be sent: the user has no address or is disabled, or the server \
                                   has no mail server. Make a one-time password.",
        );
    }
    if !has_password(of.instance, &user)? {
        let entry = entry(of, "StartPasswordReset", &user);
        forgotten::send_link(of.instance, &user, forgotten::By::Invitation, &entry)?;
        return done(&user, "invited");
    }
    forgotten::send_link(
        of.instance,
        &user,
        forgotten::By::Administrator,
        &entry(of, "StartPasswordReset", &user),
    )?;
    done(&user, "mail")
}

/// POST `/admin/users/reset-mfa`.
pub fn reset_mfa(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let user = users::named(of, fields)?;
    of.instance.store.reset_mfa(&user.id, &entry(of, "DeleteMfaDeviceForUser", &user))?;
    done(&user, "mfa")
}

/// POST `/admin/users/end-sessions`.
pub fn end_sessions(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let user = users::named(of, fields)?;
    of.instance.store.end_sessions_of(&user.id, of.now(), &entry(of, "DeleteUserSessions", &user))?;
    done(&user, "sessions")
}

/// POST `/admin/users/appoint`.
pub fn appoint(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let user = users::named(of, fields)?;
    of.instance.store.appoint_administrator(&user.id, of.now(), &entry(of, "AppointAdministrator", &user))?;
    done(&user, "appointed")
}

/// POST `/admin/users/dismiss`.
pub fn dismiss(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let user = users::named(of, fields)?;
    match of.instance.store.dismiss_administrator(&user.id, &entry(of, "DismissAdministrator", &user))? {
        Dismissed::IsTheLast => refused(
            of,
            &user,
            "This is the last administrator who can sign in. Make somebody else one first.",
        ),
        // Who took their own role away sees no more of these pages.
        _ if user.id == of.person.user.id => Ok(see_other("/start")),
        Dismissed::Done | Dismissed::WasNone => done(&user, "dismissed"),
    }
}
