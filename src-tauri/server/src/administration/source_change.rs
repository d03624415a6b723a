//! `/admin/identity-source/change`: what is kept and what is lost, and then the change, in one transaction.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::json;

use super::{
    Administrator, Answer, number,
    page::{Cell, Field, Form, Link, Page, Part, Table, Tone, way},
};
use crate::{
    audit,
    fields::Fields,
    ldap,
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
        SourceKind::Directory if of.instance.store.external_provider()?.is_some() => SourceKind::Saml,
        SourceKind::Directory => SourceKind::Ldap,
        SourceKind::Saml | SourceKind::Ldap => SourceKind::Directory,
    };
    Ok(match fields.get("to") {
        Some("saml") => SourceKind::Saml,
        Some("ldap") => SourceKind::Ldap,
        Some("directory") => SourceKind::Directory,
        _ => other,
    })
}

fn whole(of: &Administrator<'_>, fields: &Fields, problem: Option<&str>) -> Result<Page, PageError> {
    let (store, to) = (&of.instance.store, target(of, fields)?);
    let (from, provider) = (store.identity_source()?, store.external_provider()?);
    let directory = store.ldap_source()?;
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
    if to == SourceKind::Ldap && directory.is_none() {
        let text = "The directory is not set up yet.".to_owned();
        let link = Link::new(super::ldap_source::PAGE, "Set it up");
        return Ok(page.with(Part::Notice(Tone::Warning, text, link)));
    }
    let affected = store.affected_by_source(of.now())?;
    let name = |kind| match kind {
        SourceKind::Directory => "this server's directory".to_owned(),
        SourceKind::Saml => provider.as_ref().map(|provider| provider.entity_id.clone()).unwrap_or_default(),
        SourceKind::Ldap => {
            directory.as_ref().map(|directory| directory.settings.servers.join(", ")).unwrap_or_default()
        }
    };
    let what = format!("From {} to {}.", name(from), name(to));
    let (rows, warnings) = match to {
        SourceKind::Ldap => (to_ldap(&affected, from), ldap_warnings(of, &affected)),
        SourceKind::Saml => (to_saml(&affected, from), vec![
            format!(
                "These administrators can sign in afterwards, if the identity provider calls them so in the NameID: {}.",
                affected.administrators.join(", ")
            ),
            "If nobody can sign in, run latchkey-server identity-source use-directory on the server's computer: it is the way back."
                .to_owned(),
        ]),
        SourceKind::Directory => (to_directory(&affected, from), vec![
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
            Field::hidden(
                "to",
                match to {
                    SourceKind::Saml => "saml",
                    SourceKind::Ldap => "ldap",
                    SourceKind::Directory => "directory",
                },
            ),
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
        row(
            counted(affected.application_tokens, "application's token", "applications' tokens"),
            false,
            "Those that AWS-integrated applications got by CreateTokenWithIAM. They ask again.",
        ),
    ]
}

/// Which administrators can sign in afterwards, as the directory says now.
fn ldap_warnings(of: &Administrator<'_>, affected: &Affected) -> Vec<String> {
    let instance = of.instance;
    let asked = instance.store.ldap_source().ok().flatten().map(|kept| {
        let source = Arc::new(ldap::open(instance, &kept)?);
        instance.directory.forget();
        ldap::access::known_names(instance, &source, &affected.administrators)
    });
    let who = match asked {
        Some(Ok(known)) if known.is_empty() => format!(
            "None of the administrators ({}) is in the directory and may sign in there: nobody can administer this \
             server afterwards.",
            affected.administrators.join(", ")
        ),
        Some(Ok(known)) => {
            format!(
                "These administrators are in the directory and can sign in afterwards: {}.",
                known.join(", ")
            )
        }
        Some(Err(problem)) => format!("Who can sign in afterwards is not known: {problem}."),
        None => "Who can sign in afterwards is not known.".to_owned(),
    };
    vec![
        who,
        "If nobody can sign in, run latchkey-server identity-source use-directory on the server's computer: it is the way back."
            .to_owned(),
    ]
}

/// What a source called users and groups means nothing to another.
fn outside_names() -> Vec<Cell> {
    row(
        "What the source calls users and groups".to_owned(),
        false,
        "They are matched anew, by user name and by the groups' names.",
    )
}

fn to_ldap(affected: &Affected, from: SourceKind) -> Vec<Vec<Cell>> {
    let mut rows = common(affected);
    rows.extend([
        row(
            "Users who are not in the directory".to_owned(),
            true,
            "With what is assigned to them. They cannot sign in.",
        ),
        outside_names(),
        unused("Passwords".to_owned(), "The directory's count. Those of here count again if you come back."),
        row(
            counted(affected.devices, "MFA device", "MFA devices"),
            true,
            if from == SourceKind::Saml {
                "This server asks for them again, as Settings say."
            } else {
                "This server goes on asking for them."
            },
        ),
        row(
            "Links to set a password, and browsers that were trusted".to_owned(),
            false,
            "Passwords are the directory's.",
        ),
        row(
            counted(affected.tokens, "access token of provisioning", "access tokens of provisioning"),
            false,
            "They are revoked: users and groups come from the directory alone.",
        ),
    ]);
    rows
}

fn to_saml(affected: &Affected, from: SourceKind) -> Vec<Vec<Cell>> {
    let mut rows = common(affected);
    rows.extend((from == SourceKind::Ldap).then(outside_names));
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

fn to_directory(affected: &Affected, from: SourceKind) -> Vec<Vec<Cell>> {
    let mut rows = common(affected);
    rows.extend((from == SourceKind::Ldap).then(outside_names));
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
            "They are revoked: nobody else changes users and groups any more.",
        ),
        row("What was set up of the source until now".to_owned(), true, "It is not asked any more."),
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
        "IdentitySource": match to {
            SourceKind::Saml => "EXTERNAL_IDP",
            SourceKind::Ldap => "ACTIVE_DIRECTORY",
            SourceKind::Directory => "DIRECTORY",
        },
        "EndedSessions": affected.sessions,
        "EndedApplicationTokens": affected.application_tokens,
    });
    let entry = of.entry(audit::DIRECTORY, "UpdateIdentitySource", details);
    match of.instance.store.change_identity_source(to, of.now(), &entry)? {
        // Everybody is signed out, whoever did it included.
        SourceChange::Done => {
            of.instance.sync_wanted.notify_one();
            Ok(see_other(&way("/sign-in", [("continue", "/admin/identity-source")])))
        }
        SourceChange::IsIt | SourceChange::NotSetUp => {
            Ok(whole(of, fields, Some("Nothing was changed."))?.show_as(of, StatusCode::CONFLICT))
        }
    }
}
