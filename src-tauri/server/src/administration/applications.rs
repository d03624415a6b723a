//! `/admin/applications`: applications, who sees them, and what they would be told of somebody.

use serde_json::json;

use super::{
    Administrator, Answer, accounts, application_tokens, gone,
    page::{
        Button, Cell, Field, Form, Kind, Link, Mistakes, Page, Paged, Part, ROWS, Search, Table, Tone, pages,
        way,
    },
};
use crate::{
    audit,
    catalogue::Icon,
    fields::Fields,
    organisation::{Application, Principal},
    saml::{self, Target},
    signin::{PageError, see_other},
    store::{ApplicationRecord, Permission, StoreError},
};

/// Grants and scopes that are shown; an application has four and ten at most.
const MOST_PERMISSIONS: u32 = 20;

/// The page of an application.
pub fn way_to(id: &str) -> String {
    way("/admin/applications/application", [("id", id)])
}

/// The page of how an application gets tokens.
pub fn way_to_tokens(id: &str) -> String {
    way(application_tokens::PAGE, [("id", id)])
}

/// The page of an application that was just changed.
pub fn way_to_saved(id: &str) -> String {
    way("/admin/applications/application", [("id", id), ("done", "saved")])
}

/// The application with the `id` that was given.
pub fn named(of: &Administrator<'_>, fields: &Fields) -> Result<Application, PageError> {
    of.instance
        .store
        .application_by_id(fields.get("id").unwrap_or_default())?
        .ok_or_else(|| gone("application"))
}

/// That the organisation file has a say in an application, if it has.
pub fn named_by_file(record: &ApplicationRecord) -> Option<Part> {
    let text = "The organisation file names this application. When that file changes, what it says of the application \
                counts again.";
    record.declared.then(|| Part::Banner(Tone::Warning, text.to_owned()))
}

/// What an event says of an application.
pub fn details(application: &Application) -> serde_json::Value {
    json!({ "application": application.id, "ApplicationName": application.name })
}

/// GET `/admin/applications`.
pub fn list(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let (words, after) = (fields.get("words").unwrap_or_default(), fields.get("after").unwrap_or_default());
    let found = of.instance.store.find_applications(words, after, ROWS + 1)?;
    let found = Paged::of(found, |application| &application.name);
    let (next, first) = pages("/admin/applications", fields, found.next.as_deref());
    let row = |application: &Application| {
        vec![
            Cell::Pictured(Icon::of(application), Link::new(way_to(&application.id), &application.name)),
            Cell::text(&application.description),
            Cell::text(match (&application.saml, &application.url) {
                (Some(_), _) => "SAML 2.0",
                (None, Some(_)) => "Link",
                (None, None) => "OAuth 2.0",
            }),
        ]
    };
    let table = Table {
        caption: "Applications".to_owned(),
        columns: vec!["Application", "Description", "Sign-in"],
        rows: found.rows.iter().map(row).collect(),
        empty: if words.is_empty() {
            "There is no application yet. Add one from the catalogue, or your own."
        } else {
            "No application is called that. Add one from the catalogue or by its metadata."
        },
        next,
        first,
    };
    let search =
        Search { action: "/admin/applications", label: "Search applications", words: words.to_owned() };
    let page = Page::new("Applications")
        .with(Part::Actions(Link::new("/admin/applications/new", "Add an application"), vec![]))
        .with(Part::Search(search))
        .with(Part::Table(table));
    Ok(page.show(of))
}

/// GET `/admin/applications/application`, with its `id`, and a `test` user.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let application = named(of, fields)?;
    Ok(whole(of, &application, fields, &Mistakes::default())?.show(of))
}

/// What an application of OAuth 2.0 may do, in a few words.
fn integration(
    of: &Administrator<'_>,
    application: &Application,
) -> Result<Vec<(&'static str, String)>, StoreError> {
    let store = &of.instance.store;
    let mut facts = Vec::new();
    for (title, permission) in [("Grants", Permission::Grant), ("Access scopes", Permission::Scope)] {
        let all = store.application_permissions(&application.id, permission, "", MOST_PERMISSIONS)?;
        let names: Vec<String> = all.into_iter().map(|(name, _)| name).collect();
        if !names.is_empty() {
            facts.push((title, names.join(", ")));
        }
    }
    Ok(facts)
}

fn whole(
    of: &Administrator<'_>,
    application: &Application,
    fields: &Fields,
    mistakes: &Mistakes,
) -> Result<Page, PageError> {
    let id = || Field::hidden("id", &application.id);
    let done = (fields.get("done") == Some("saved"))
        .then(|| Part::Banner(Tone::Good, "The application is saved.".to_owned()));
    let edit = way("/admin/applications/edit", [("id", application.id.as_str())]);
    let mut links = vec![Link::new(edit, "Edit")];
    if application.saml.is_none() {
        links.push(Link::new(way_to_tokens(&application.id), "How it gets tokens"));
    }
    let mut page = Page::new(&application.name)
        .pictured(Some(Icon::of(application)))
        .below("/admin/applications", "Applications")
        .with_some(done)
        .with_some(mistakes.banner())
        .with(Part::Links(links));
    let mut facts = vec![("Description", application.description.clone())];
    facts.extend(application.url.clone().map(|url| ("Opens at", url)));
    let target = Target::of(application);
    if let Some(Target { saml, .. }) = target {
        facts.push(("Assertions go to", saml.acs_url.clone()));
        facts.push(("Entity ID", saml.audience.clone()));
        facts.extend(saml.relay_state.clone().map(|state| ("Relay state", state)));
        if saml.require_signed_requests {
            facts.push(("Requests", "must be signed".to_owned()));
        }
        if saml.encryption_certificate.is_some() {
            facts.push(("Assertions", "are encrypted".to_owned()));
        }
    }
    facts.extend(integration(of, application)?);
    facts.push(("Application ID", application.id.clone()));
    page = page.with(Part::Facts(facts));
    if let Some(target) = target {
        let metadata = target.metadata_url(of.instance);
        let links = vec![
            Link::new(&metadata, "Metadata"),
            Link::new(format!("{metadata}/certificate.pem"), "Certificate (PEM)"),
            Link::new(format!("{metadata}/certificate.der"), "Certificate (DER)"),
            Link::new(
                way("/admin/applications/certificates", [("id", application.id.as_str())]),
                "Certificates and rotation",
            ),
        ];
        page = page
            .with(Part::Heading("On the application's side".to_owned()))
            .with(Part::Facts(vec![("Sign-in address and issuer", target.address(of.instance))]))
            .with(Part::Links(links));
        page =
            saml::steps(of.instance, target).into_iter().fold(page, |page, step| page.with(Part::Note(step)));
    }
    let after = fields.get("after");
    let found =
        of.instance.store.principals_of_application(&application.id, after.unwrap_or_default(), ROWS + 1)?;
    let found = Paged::of(found, Principal::id);
    let more = |after: &str| {
        way("/admin/applications/application", [("id", application.id.as_str()), ("after", after)])
    };
    let mut rows = Vec::new();
    for principal in &found.rows {
        let Some((link, kind)) = accounts::principal(of, principal)? else { continue };
        let label = format!("Remove {} from {}", link.text, application.name);
        let button = Button {
            action: "/admin/applications/remove",
            hidden: vec![
                ("id", application.id.clone()),
                ("kind", principal.kind().to_owned()),
                ("principal", principal.id().to_owned()),
            ],
            text: "Remove",
            label,
        };
        rows.push(vec![Cell::Link(link), Cell::text(kind), Cell::Button(button)]);
    }
    let table = Table {
        caption: format!("Who sees {}", application.name),
        columns: vec!["User or group", "Kind", "Action"],
        rows,
        empty: "Nobody sees this application.",
        next: found.next.as_deref().map(more),
        first: after.map(|_| way_to(&application.id)),
    };
    let kinds =
        [("GROUP", "Group"), ("USER", "User")].map(|(value, text)| (value.to_owned(), text.to_owned()));
    let mut assign = Form {
        action: "/admin/applications/assign",
        fields: vec![
            id(),
            Field::line("kind", "Kind", fields).of(Kind::Choice(kinds.to_vec())),
            Field::line("who", "Name of the group, or user name or email address", fields).of(Kind::Required),
        ],
        submit: "Assign",
        ..Form::default()
    };
    mistakes.mark(&mut assign);
    page =
        page.with(Part::Heading("Who sees it".to_owned())).with(Part::Table(table)).with(Part::Form(assign));
    if let Some(target) = target {
        page = test(of, target, fields, page)?;
    }
    let delete = Form {
        action: "/admin/applications/delete",
        fields: vec![id()],
        submit: "Delete the application",
        costs: Some(format!(
            "{} is gone for good, and nobody signs in to it from here any more.",
            application.name
        )),
        ..Form::default()
    };
    Ok(page.with(Part::Heading("Delete".to_owned())).with(Part::Form(delete)))
}

/// What the application would be told of somebody; not signed, so that it opens nothing.
fn test(of: &Administrator<'_>, target: Target<'_>, fields: &Fields, page: Page) -> Result<Page, PageError> {
    let form = Form {
        action: "/admin/applications/application",
        is_step: true,
        fields: vec![
            Field::hidden("id", &target.application.id),
            Field::line("test", "User name or email address", fields),
        ],
        submit: "Show the assertion",
        ..Form::default()
    };
    let page = page.with(Part::Heading("Test".to_owned())).with(Part::Form(form));
    let Some(typed) = fields.get("test") else { return Ok(page) };
    let Some(user) = of.instance.store.user_by_login(typed)? else {
        return Ok(page
            .with(Part::Banner(Tone::Error, "Nobody is called that. Type the whole user name.".to_owned())));
    };
    let told = saml::preview(of.instance, target, &user);
    let mut facts =
        vec![("Goes to", told.acs_url), ("Name", told.name_id), ("Format of the name", told.name_id_format)];
    facts.extend(told.relay_state.map(|state| ("Relay state", state)));
    let rows = told
        .attributes
        .into_iter()
        .map(|(name, values)| vec![Cell::Text(name), Cell::Text(values.join(", "))]);
    let table = Table {
        caption: "Attributes".to_owned(),
        columns: vec!["Attribute", "Value"],
        rows: rows.collect(),
        empty: "No attribute is told.",
        ..Table::default()
    };
    Ok(page
        .with(Part::Facts(facts))
        .with(Part::Table(table))
        .with(Part::Code(told.xml.replace("><", ">\n<"))))
}

/// POST `/admin/applications/assign`, to `who` of a `kind`.
pub fn assign(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let (store, application) = (&of.instance.store, named(of, fields)?);
    let who = fields.get("who").unwrap_or_default().trim();
    let principal = if fields.get("kind") == Some("USER") {
        store.user_by_login(who)?.map(|user| Principal::User(user.id))
    } else {
        store.group_by_name(who)?.map(|group| Principal::Group(group.id))
    };
    let Some(principal) = principal else {
        let mut mistakes = Mistakes::default();
        mistakes.add("who", "There is none of that name. Type the whole name.");
        return Ok(whole(of, &application, fields, &mistakes)?.show_as(of, mistakes.status()));
    };
    set(of, &application, &principal, true)
}

/// POST `/admin/applications/remove`.
pub fn remove(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let application = named(of, fields)?;
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let principal = Principal::of(&text("kind"), text("principal")).ok_or_else(|| gone("user or group"))?;
    set(of, &application, &principal, false)
}

fn set(of: &Administrator<'_>, application: &Application, principal: &Principal, assigned: bool) -> Answer {
    let name = if assigned { "CreateApplicationAssignment" } else { "DeleteApplicationAssignment" };
    let mut details = details(application);
    details["PrincipalType"] = json!(principal.kind());
    details["PrincipalId"] = json!(principal.id());
    let entry = of.entry(audit::SSO, name, details);
    of.instance.store.set_application_assignment(&application.id, principal, assigned, &entry)?;
    Ok(see_other(&way_to(&application.id)))
}

/// POST `/admin/applications/delete`.
pub fn delete(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let application = named(of, fields)?;
    let entry = of.entry(audit::SSO, "DeleteApplication", details(&application));
    of.instance.store.delete_application(&application.id, &entry)?;
    Ok(see_other("/admin/applications"))
}
