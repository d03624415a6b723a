//! `/admin/identity-source/provisioning`: the SCIM endpoint, and the access tokens that open it.

use axum::http::StatusCode;

use super::{
    Administrator, Answer, moment,
    page::{Button, Cell, Form, Link, Page, Part, Table, Tone, way},
};
use crate::{
    fields::Fields,
    ldap,
    scim::{self, tokens},
    signin::{PageError, see_other},
    store::ScimToken,
};

/// The page.
pub const PAGE: &str = "/admin/identity-source/provisioning";

/// GET `/admin/identity-source/provisioning`.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let done = (fields.get("done") == Some("revoked")).then(|| {
        Part::Banner(Tone::Good, "The access token is revoked. It opens nothing any more.".to_owned())
    });
    Ok(whole(of, done)?.show(of))
}

fn whole(of: &Administrator<'_>, first: Option<Part>) -> Result<Page, PageError> {
    let (now, held) = (of.now(), of.instance.store.scim_tokens(of.now())?);
    let live = held.iter().filter(|token| token.is_live(now)).count();
    let rows = held.iter().map(|token| row(token, now)).collect();
    let table = Table {
        caption: "Access tokens".to_owned(),
        columns: vec!["Token", "State", "Created", "Expires", "Last used", "Action"],
        rows,
        empty: "There is no access token, so nothing is provisioned.",
        ..Table::default()
    };
    let is_directorys = ldap::is_source(of.instance)?;
    let more = if is_directorys {
        Part::Notice(
            Tone::Warning,
            "Active Directory or LDAP is the identity source: users and groups come from it alone. Access tokens can \
             be created again once the identity source is another one."
                .to_owned(),
            Link::new("/admin/identity-source", "Identity source"),
        )
    } else if i64::try_from(live).is_ok_and(|live| live >= tokens::MOST) {
        Part::Note(
            "There are two access tokens, as many as there can be. Revoke the one that is not used."
                .to_owned(),
        )
    } else {
        let action = "/admin/identity-source/provisioning/create";
        Part::Form(Form { action, submit: "Create access token", ..Form::default() })
    };
    Ok(Page::new("Automatic provisioning")
        .below("/admin/identity-source", "Identity source")
        .with_some(first)
        .with(Part::Note(
            "Okta, Microsoft Entra ID, OneLogin, PingFederate and others keep users and groups here in line with their \
             own directory, by SCIM 2.0. Enter the address and an access token there."
                .to_owned(),
        ))
        .with(Part::Copied("scim-endpoint", "SCIM endpoint", scim::endpoint(of.instance)))
        .with(Part::Heading("Access tokens".to_owned()))
        .with(Part::Note(
            "An access token is good for a year. To renew one, create a second one, enter it at the identity \
             provider, and revoke the first one when it is not used any more."
                .to_owned(),
        ))
        .with(Part::Table(table))
        .with(more)
        .with(Part::Heading("What provisioning does".to_owned()))
        .with(Part::Note(
            "Users who are deactivated or deleted by it are out at once: their sign-ins, tokens and role credentials \
             end. Assignments to groups are made here, for the groups that it brings."
                .to_owned(),
        )))
}

fn row(token: &ScimToken, now: jiff::Timestamp) -> Vec<Cell> {
    let state = match token {
        _ if token.revoked.is_some() => Cell::Chip(Tone::Error, "REVOKED"),
        _ if token.ends.duration_since(now) < tokens::ENDS_SOON => Cell::Chip(Tone::Warning, "EXPIRES SOON"),
        _ => Cell::Chip(Tone::Good, "ACTIVE"),
    };
    // Enough to tell two from each other.
    let name = token.id.split('-').next().unwrap_or_default();
    let action = if token.is_live(now) {
        Cell::Button(Button {
            action: "/admin/identity-source/provisioning/revoke",
            hidden: vec![("id", token.id.clone())],
            text: "Revoke",
            label: format!("Revoke access token {name}"),
        })
    } else {
        Cell::text("")
    };
    vec![
        Cell::Code(name.to_owned()),
        state,
        Cell::Text(moment(token.created)),
        Cell::Text(moment(token.ends)),
        Cell::Text(token.last_used.map_or_else(|| "Never".to_owned(), moment)),
        action,
    ]
}

/// POST `/admin/identity-source/provisioning/create`: shown this once.
pub fn create(of: &Administrator<'_>, _: &Fields) -> Answer {
    let (token, secret) = match tokens::create(of.instance, (&of.person.user, &of.person.session))? {
        Ok(made) => made,
        Err(why) => {
            let first = Part::Banner(Tone::Error, format!("No access token was created: {why}."));
            return Ok(whole(of, Some(first))?.show_as(of, StatusCode::CONFLICT));
        }
    };
    let page = Page::new("Access token created")
        .below("/admin/identity-source", "Identity source")
        .below(PAGE, "Automatic provisioning")
        .with(Part::Copied("scim-endpoint", "SCIM endpoint", scim::endpoint(of.instance)))
        .with(Part::Secret("Access token", secret.expose().to_owned()))
        .with(Part::Note(format!(
            "Enter both at the identity provider now. The access token is not shown again. It expires on {}.",
            moment(token.ends)
        )))
        .with(Part::Links(vec![Link::new(PAGE, "Continue")]));
    Ok(page.show(of))
}

/// POST `/admin/identity-source/provisioning/revoke`, with the token's `id`.
pub fn revoke(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let id = fields.get("id").unwrap_or_default();
    if tokens::revoke(of.instance, id, (&of.person.user, &of.person.session))? {
        return Ok(see_other(&way(PAGE, [("done", "revoked")])));
    }
    let text = "It was revoked already, or is over.";
    let first = Part::Banner(Tone::Error, text.to_owned());
    Ok(whole(of, Some(first))?.show_as(of, StatusCode::CONFLICT))
}
