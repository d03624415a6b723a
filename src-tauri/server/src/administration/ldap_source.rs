//! `/admin/identity-source/ldap`: an LDAP directory, set up and tested before it becomes the source, and its syncs
//! while it is.

use std::sync::Arc;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::json;

use super::{
    Administrator, Answer, SECRET, ldap_form, moment, number,
    page::{self, Cell, Form, Link, Mistakes, Page, Part, Table, Tone, capital, servers_tried, way},
    radius_source, source_change,
};
use crate::{
    audit,
    fields::Fields,
    ldap::{self, Snapshot, Source, set_up, sync::Report},
    signin::{PageError, see_other},
    store::{LdapSource, SourceKind},
};

/// The page.
pub const PAGE: &str = "/admin/identity-source/ldap";
const SYNC: &str = "/admin/identity-source/ldap/sync";
/// Names that a test shows.
const SHOWN: usize = 5;

/// GET `/admin/identity-source/ldap`.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let done = match fields.get("done") {
        Some("saved") => Some("The directory is saved."),
        Some("sync") => Some("A sync was asked for. Load this page again to see what it did."),
        _ => None,
    };
    Ok(whole(of, fields, &Mistakes::default(), page::done(done))?.show(of))
}

fn whole(
    of: &Administrator<'_>,
    fields: &Fields,
    mistakes: &Mistakes,
    first: Vec<Part>,
) -> Result<Page, PageError> {
    let store = &of.instance.store;
    let (kept, in_use) = (store.ldap_source()?, store.identity_source()? == SourceKind::Ldap);
    let state = match (&kept, in_use) {
        (_, true) => Part::Banner(
            Tone::Good,
            "In use: people sign in with the directory's passwords, and with this server's second factors.".to_owned(),
        ),
        (Some(_), false) => Part::Notice(
            Tone::Warning,
            "Set up, and not in use: people do not sign in with it yet.".to_owned(),
            Link::new(way(source_change::PAGE, [("to", "ldap")]), "Change the identity source"),
        ),
        (None, false) => Part::Note(
            "The directory keeps people, groups and passwords. Nothing changes before you change the identity source."
                .to_owned(),
        ),
    };
    let mut page = Page::new("Active Directory or LDAP")
        .below("/admin/identity-source", "Identity source")
        .said(first, mistakes)
        .with(state);
    if in_use {
        page.parts.extend(last_sync(of)?);
    }
    let settings = kept.as_ref().map(|kept| &kept.settings);
    Ok(page
        .with(Part::Heading("The directory".to_owned()))
        .with(Part::Form(ldap_form::form(PAGE, fields, settings, mistakes)))
        .with(Part::Heading("Second factor".to_owned()))
        .with(Part::Note(
            "MFA devices are set up here, as for everybody. Codes that RADIUS servers of yours check can count besides."
                .to_owned(),
        ))
        .with(Part::Links(vec![Link::new(radius_source::PAGE, "RADIUS servers")])))
}

/// What the last sync did, and a way to another.
fn last_sync(of: &Administrator<'_>) -> Result<Vec<Part>, PageError> {
    let (last, wanted) = of.instance.store.ldap_report()?;
    let mut parts = vec![Part::Heading("Last sync".to_owned())];
    if wanted {
        parts.push(Part::Banner(Tone::Warning, "A sync is about to begin.".to_owned()));
    }
    match &last {
        None => parts.push(Part::Note("There was none yet.".to_owned())),
        Some(report) => parts.extend(told(report)),
    }
    let many = last
        .as_ref()
        .and_then(|report| report.problem.as_ref())
        .is_some_and(|why| why.contains("more than half"));
    let button = |many: bool| Form {
        action: SYNC,
        fields: if many { vec![page::Field::hidden("many", "yes")] } else { Vec::new() },
        submit: if many { "Sync even if many users go" } else { "Sync now" },
        costs: many.then(|| {
            "Users who are not in the directory are disabled here, and lose their access.".to_owned()
        }),
        ..Form::default()
    };
    parts.push(Part::Form(button(false)));
    parts.extend(many.then(|| Part::Form(button(true))));
    Ok(parts)
}

fn told(report: &Report) -> Vec<Part> {
    let at = |millis| Timestamp::from_millisecond(millis).map(moment).unwrap_or_default();
    let mut parts = Vec::new();
    match &report.problem {
        Some(problem) => {
            parts.push(Part::Banner(Tone::Error, format!("The last sync failed: {problem}.")));
            parts.push(Part::Facts(vec![("Ended", at(report.ended))]));
        }
        None => parts.push(Part::Facts(vec![
            ("Ended", at(report.ended)),
            (
                "In the directory",
                format!(
                    "{} and {}",
                    number(report.users, "user", "users"),
                    number(report.groups, "group", "groups")
                ),
            ),
            ("Users", format!("{} came, {} changed, {} went", report.came, report.changed, report.went)),
            (
                "Groups",
                format!(
                    "{} came, {} changed, {} went",
                    report.groups_came, report.groups_changed, report.groups_went
                ),
            ),
        ])),
    }
    if !report.problems.is_empty() {
        parts.push(Part::Table(problems(&report.problems, report.more_problems)));
    }
    parts
}

fn problems(problems: &[(String, String)], more: usize) -> Table {
    let rows =
        problems.iter().map(|(entry, problem)| vec![Cell::Code(entry.clone()), Cell::text(problem.as_str())]);
    let more = (more > 0).then(|| vec![Cell::text(format!("and {more} more")), Cell::text("")]);
    Table {
        caption: "Entries with problems".to_owned(),
        columns: vec!["Entry", "Problem"],
        rows: rows.chain(more).collect(),
        ..Table::default()
    }
}

/// POST `/admin/identity-source/ldap`: saves, or tests what is typed.
pub fn save(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let (instance, now) = (of.instance, of.now());
    let mut mistakes = Mistakes::default();
    let settings = ldap_form::read(fields, &mut mistakes);
    let kept = instance.store.ldap_source()?;
    let typed = fields.get(SECRET);
    let secret = set_up::sealed(instance, kept.as_ref(), &settings, typed);
    if secret.is_none() {
        mistakes.add(
            SECRET,
            "Enter the connector account's password, anew if the servers or the account are others.",
        );
    }
    let wanted = secret.map(|secret| LdapSource { settings, secret, changed: now });
    let Some(wanted) = wanted.filter(|_| mistakes.is_empty()) else {
        return Ok(whole(of, fields, &mistakes, Vec::new())?.show_as(of, mistakes.status()));
    };
    let source = match ldap::open(instance, &wanted) {
        Ok(source) => Arc::new(source),
        Err(problem) => {
            mistakes.add("authorities", format!("{}.", capital(&problem.to_string())));
            return Ok(whole(of, fields, &mistakes, Vec::new())?.show_as(of, mistakes.status()));
        }
    };
    if fields.get("go") == Some("test") {
        return Ok(whole(of, fields, &mistakes, tested(of, &source))?.show(of));
    }
    let details = set_up::details(&wanted.settings, typed.is_some());
    let entry = of.entry(audit::DIRECTORY, set_up::EVENT, details);
    instance.store.put_ldap_source(&wanted, &entry)?;
    Ok(see_other(&way(PAGE, [("done", "saved")])))
}

/// What a test found: each server, and who would come.
fn tested(of: &Administrator<'_>, source: &Arc<Source>) -> Vec<Part> {
    let servers = ldap::probe(source);
    let works = servers.iter().any(|(_, outcome)| outcome.is_ok());
    let good = "Its certificate is trusted and the connector account signs in.";
    let told = servers
        .into_iter()
        .map(|(server, outcome)| (server, outcome.map(|()| good).map_err(|problem| problem.to_string())));
    let table = servers_tried(told.collect());
    of.instance.directory.forget();
    let found = if works { Some(ldap::sync::look(of.instance, source)) } else { None };
    let first = match &found {
        None => Part::Banner(Tone::Error, "No server can be used. Nothing was saved.".to_owned()),
        Some(Err(problem)) => {
            Part::Banner(Tone::Error, format!("{}. Nothing was saved.", capital(&problem.to_string())))
        }
        Some(Ok(snapshot)) => Part::Banner(
            if snapshot.users.is_empty() { Tone::Warning } else { Tone::Good },
            format!(
                "Found {} and {}. Nothing was saved.",
                number(snapshot.users.len(), "user", "users"),
                number(snapshot.groups.len(), "group", "groups")
            ),
        ),
    };
    let mut parts = vec![first, table];
    if let Some(Ok(snapshot)) = &found {
        parts.extend(sample(snapshot));
    }
    parts
}

fn sample(snapshot: &Snapshot) -> Vec<Part> {
    let text = |attributes: &serde_json::Map<String, serde_json::Value>, name: &str| {
        attributes.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    };
    let users = snapshot.users.iter().take(SHOWN).map(|found| {
        vec![
            Cell::Text(text(&found.attributes, "userName")),
            Cell::Text(text(&found.attributes, "displayName")),
            Cell::Code(found.dn.clone()),
        ]
    });
    let groups = snapshot.groups.iter().take(SHOWN).map(|found| {
        vec![Cell::Text(found.name.clone()), Cell::Text(number(found.members.len(), "member", "members"))]
    });
    let mut parts = vec![
        Part::Table(Table {
            caption: "Some of the users".to_owned(),
            columns: vec!["User name", "Display name", "Entry"],
            rows: users.collect(),
            empty: "No entry below there is a user by the filter.",
            ..Table::default()
        }),
        Part::Table(Table {
            caption: "Some of the groups".to_owned(),
            columns: vec!["Group", "Members, through other groups too"],
            rows: groups.collect(),
            empty: "There are no groups.",
            ..Table::default()
        }),
    ];
    if !snapshot.problems.is_empty() {
        let (told, more) = snapshot.problems.split_at(snapshot.problems.len().min(SHOWN));
        parts.push(Part::Table(problems(told, more.len())));
    }
    parts
}

/// POST `/admin/identity-source/ldap/sync`.
pub fn sync_now(of: &Administrator<'_>, fields: &Fields) -> Answer {
    if !ldap::is_source(of.instance)? {
        let first = vec![Part::Banner(Tone::Error, "The directory is not the identity source.".to_owned())];
        let page = whole(of, &Fields::default(), &Mistakes::default(), first)?;
        return Ok(page.show_as(of, StatusCode::CONFLICT));
    }
    let many = fields.get("many").is_some();
    let entry = of.entry(audit::DIRECTORY, "StartIdentitySourceSync", json!({ "EvenIfManyGo": many }));
    if many {
        of.instance.store.append_audit(&[entry])?;
        ldap::sync::sync(of.instance, true)?;
    } else {
        of.instance.store.want_ldap_sync(&entry)?;
        of.instance.sync_wanted.notify_one();
    }
    Ok(see_other(&way(PAGE, [("done", "sync")])))
}
