//! `/admin/identity-source/change`: what is kept and what is lost, and then the change, in one transaction.

use axum::http::StatusCode;
use serde_json::json;

use super::{
    Administrator, Answer, number,
    page::{Cell, Field, Form, Link, Page, Part, Table, Tone, way},
};
use crate::{
    audit,
    fields::Fields,
    signin::{PageError, see_other},
    store::{Affected, SourceChange, SourceKind},
};

/// The page.
pub const PAGE: &str = "/admin/identity-source/change";
/// What is typed to confirm it.
const WORD: &str = "CHANGE";

/// GET `/admin/identity-source/change`, with `to` for the source.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    Ok(whole(of, fields, None)?.show(of))
}

fn target(of: &Administrator<'_>, fields: &Fields) -> Result<SourceKind, PageError> {
    let other = match of.instance.store.identity_source()? {
        SourceKind::Directory => SourceKind::Saml,
        SourceKind::Saml => SourceKind::Directory,
    };
    Ok(match fields.get("to") {
        Some("saml") => SourceKind::Saml,
        Some("directory") => SourceKind::Directory,
        _ => other,
    })
}

fn whole(of: &Administrator<'_>, fields: &Fields, problem: Option<&str>) -> Result<Page, PageError> {
    let (store, to) = (&of.instance.store, target(of, fields)?);
    let (from, provider) = (store.identity_source()?, store.external_provider()?);
    let problem = problem.map(|text| Part::Banner(Tone::Error, text.to_owned()));
    let page = Page::new("Change the identity source")
        .below("/admin/identity-source", "Identity source")
        .with_some(problem);
    if from == to {
        let text = "This is the identity source already.";
        return Ok(page.with(Part::Banner(Tone::Warning, text.to_owned())));
    }
    if to == SourceKind::Saml && provider.is_none() {
        let text = "The identity provider is not set up yet.".to_owned();
        let link = Link::new(super::external_source::PAGE, "Set it up");
        return Ok(page.with(Part::Notice(Tone::Warning, text, link)));
    }
    let there = provider.map(|provider| provider.entity_id).unwrap_or_default();
    let affected = store.affected_by_source(of.now())?;
    let (what, rows, warnings) = match to {
        SourceKind::Saml => (format!("From this server's directory to {there}."), to_saml(&affected), vec![
            format!(
                "These administrators can sign in afterwards, if the identity provider calls them so in the NameID: {}.",
                affected.administrators.join(", ")
            ),
            "If nobody can sign in, run latchkey-server identity-source use-directory on the server's computer: it is the way back."
                .to_owned(),
        ]),
        SourceKind::Directory => (format!("From {there} to this server's directory."), to_directory(&affected), vec![
            if affected.without_password == 0 {
                "Everybody who may sign in has a password here.".to_owned()
            } else {
                format!(
                    "{} no password here. They cannot sign in before an administrator gives them one.",
                    number(usize::try_from(affected.without_password).unwrap_or_default(), "user has", "users have")
                )
            },
        ]),
    };
    let table = Table {
        caption: "What is kept and what is lost".to_owned(),
        columns: vec!["What", "State", "In detail"],
        rows,
        ..Table::default()
    };
    let form = Form {
        action: PAGE,
        fields: vec![
            Field::hidden("to", if to == SourceKind::Saml { "saml" } else { "directory" }),
            Field::line("typed", &format!("Type {WORD} to confirm"), &Fields::default()),
        ],
        submit: "Change identity source",
        costs: Some(
            "It happens at once and for everybody: all of it or nothing. You are signed out, too.".to_owned(),
        ),
        ..Form::default()
    };
    let page = page.with(Part::Note(what)).with(Part::Table(table));
    let page = warnings.into_iter().fold(page, |page, text| page.with(Part::Banner(Tone::Warning, text)));
    Ok(page.with(Part::Form(form)))
}

fn row(what: String, kept: bool, detail: &str) -> Vec<Cell> {
    let state = if kept { Cell::Chip(Tone::Good, "KEPT") } else { Cell::Chip(Tone::Warning, "ENDS") };
    vec![Cell::Text(what), state, Cell::text(detail)]
}

fn unused(what: String, detail: &str) -> Vec<Cell> {
    vec![Cell::Text(what), Cell::Chip(Tone::Warning, "NOT\u{a0}USED"), Cell::text(detail)]
}

fn counted(n: i64, one: &str, many: &str) -> String {
    number(usize::try_from(n).unwrap_or_default(), one, many)
}

fn common(affected: &Affected) -> Vec<Vec<Cell>> {
    vec![
        row(
            format!(
                "{} and {}",
                counted(affected.users, "user", "users"),
                counted(affected.groups, "group", "groups")
            ),
            true,
            "With their names, attributes and memberships.",
        ),
        row(
            counted(affected.assignments, "assignment", "assignments"),
            true,
            "To AWS accounts and applications.",
        ),
        row(
            counted(affected.sessions, "live sign-in", "live sign-ins"),
            false,
            "Everybody signs in again. Role credentials that were given out run to their end.",
        ),
    ]
}

fn to_saml(affected: &Affected) -> Vec<Vec<Cell>> {
    let mut rows = common(affected);
    rows.extend([
        unused(
            "Passwords".to_owned(),
            "Nobody signs in with one. They count again if you come back to this server's directory.",
        ),
        unused(
            counted(affected.devices, "MFA device", "MFA devices"),
            "The identity provider's second factor counts. They are kept for when you come back, and for roles that ask for a security key.",
        ),
        row(
            "Links to set a password, and browsers that were trusted".to_owned(),
            false,
            "Passwords and second factors are the identity provider's.",
        ),
        row(
            counted(affected.tokens, "access token of provisioning", "access tokens of provisioning"),
            true,
            "Provisioning goes on.",
        ),
    ]);
    rows
}

fn to_directory(affected: &Affected) -> Vec<Vec<Cell>> {
    let mut rows = common(affected);
    rows.extend([
        row("Passwords".to_owned(), true, "Those of before count again."),
        row(
            counted(affected.devices, "MFA device", "MFA devices"),
            true,
            "They are asked for again, as Settings say.",
        ),
        row(
            counted(affected.tokens, "access token of provisioning", "access tokens of provisioning"),
            false,
            "They are revoked: the identity provider no longer changes users and groups.",
        ),
        row("What was set up of the identity provider".to_owned(), true, "It is not asked any more."),
    ]);
    rows
}

/// POST `/admin/identity-source/change`.
pub fn change(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let to = target(of, fields)?;
    if fields.get("typed").unwrap_or_default().trim() != WORD {
        let text = format!("Nothing was changed. Type {WORD} to confirm.");
        return Ok(whole(of, fields, Some(&text))?.show_as(of, StatusCode::BAD_REQUEST));
    }
    let affected = of.instance.store.affected_by_source(of.now())?;
    let details = json!({
        "IdentitySource": if to == SourceKind::Saml { "EXTERNAL_IDP" } else { "DIRECTORY" },
        "EndedSessions": affected.sessions,
    });
    let entry = of.entry(audit::DIRECTORY, "UpdateIdentitySource", details);
    match of.instance.store.change_identity_source(to, of.now(), &entry)? {
        // Everybody is signed out, whoever did it included.
        SourceChange::Done => Ok(see_other(&way("/sign-in", [("continue", "/admin/identity-source")]))),
        SourceChange::IsIt | SourceChange::NotSetUp => {
            Ok(whole(of, fields, Some("Nothing was changed."))?.show_as(of, StatusCode::CONFLICT))
        }
    }
}
