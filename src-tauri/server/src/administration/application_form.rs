//! Adding an application: from the catalogue, by its metadata, or by hand.

use super::{
    Administrator, Answer,
    application_edit::{FORMATS, naming, security},
    application_oauth, applications,
    applications::details,
    attribute_lines,
    page::{Cell, Field, Form, Kind, Link, Mistakes, Page, Part, Search, Table, Tone, way},
    upload,
};
use crate::{
    audit,
    catalogue::{self, Entry, Icon},
    domain::application_draft::{ApplicationDraft, Origin, Problem},
    fields::Fields,
    organisation::Application,
    saml::fetch,
    signin::see_other,
};

/// Where it is.
pub const PAGE: &str = "/admin/applications/new";

/// The field of a metadata file.
const FILE: &str = "metadata_file";
/// The origin of metadata that is fetched.
const ADDRESS: &str = "address";

fn is_fetched(fields: &Fields) -> bool {
    fields.get("origin") == Some(ADDRESS)
}

fn origin(fields: &Fields) -> Option<Origin> {
    Some(match fields.get("origin")? {
        "metadata" | ADDRESS => Origin::Metadata,
        "hand" => Origin::Manual,
        "openid-connect" => Origin::OpenIdConnect,
        _ => Origin::Catalogue,
    })
}

fn page(title: &str) -> Page {
    Page::new(title).below("/admin/applications", "Applications")
}

/// GET `/admin/applications/new`, with its `origin` once that is chosen.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    // What was sent before a new sign-in, a file included.
    let fields = &with_file(fields, &mut Mistakes::default());
    let Some(origin) = origin(fields) else { return Ok(choose(fields).show(of)) };
    if origin == Origin::OpenIdConnect {
        let mut page = choose(fields);
        let why = format!("{}.", crate::saml::import::OPENID_CONNECT_REFUSED);
        page.parts.insert(0, Part::Banner(Tone::Error, why));
        return Ok(page.show(of));
    }
    let Some(form) = form(fields, origin) else { return Ok(choose(fields).show(of)) };
    Ok(page(title(fields, origin)).pictured(icon(fields, origin)).with(Part::Form(form)).show(of))
}

fn entry(fields: &Fields) -> Option<&'static Entry> {
    catalogue::entry(fields.get("entry")?)
}

fn title(fields: &Fields, origin: Origin) -> &'static str {
    match entry(fields) {
        Some(entry) if origin == Origin::Catalogue => &entry.name,
        _ => "Add a SAML 2.0 application",
    }
}

fn icon(fields: &Fields, origin: Origin) -> Option<Icon> {
    entry(fields).filter(|_| origin == Origin::Catalogue).map(|entry| entry.icon.clone())
}

/// Where the application comes from.
fn choose(fields: &Fields) -> Page {
    let words = fields.get("words").unwrap_or_default();
    let row = |entry: &&Entry| {
        let to = way(PAGE, [("origin", "catalogue"), ("entry", entry.id.as_str())]);
        vec![
            Cell::Pictured(entry.icon.clone(), Link::new(to, &entry.name)),
            Cell::text(&entry.description),
            // In one line.
            Cell::text(entry.verified.replace('-', "\u{2011}").replace(' ', "\u{a0}")),
        ]
    };
    let table = Table {
        caption: "Applications of the catalogue".to_owned(),
        columns: vec!["Application", "What it is", "Values"],
        rows: catalogue::search(words).iter().map(row).collect(),
        empty: "None of the catalogue has these words. Add the application by its metadata or by hand.",
        ..Table::default()
    };
    let own = [
        ("metadata", "By its SAML metadata"),
        (ADDRESS, "By the address of its metadata"),
        ("hand", "By hand"),
        ("openid-connect", "OpenID Connect"),
    ];
    let mut own = own.map(|(origin, text)| Link::new(way(PAGE, [("origin", origin)]), text)).to_vec();
    own.push(Link::new(application_oauth::PAGE, "OAuth 2.0, to exchange tokens"));
    page("Add an application")
        .with(Part::Heading("An application of your own".to_owned()))
        .with(Part::Links(own))
        .with(Part::Heading("From the catalogue".to_owned()))
        .with(Part::Search(Search { action: PAGE, label: "Search the catalogue", words: words.to_owned() }))
        .with(Part::Table(table))
}

fn form(fields: &Fields, origin: Origin) -> Option<Form> {
    let line = |name, label: &str| Field::line(name, label, fields);
    let mut name = line("name", "Name in the portal").of(Kind::Required);
    let mut all = vec![Field::hidden("origin", fields.get("origin").unwrap_or_default())];
    if origin == Origin::Catalogue {
        let entry = entry(fields)?;
        if fields.get("name").is_none() {
            name.value = entry.name.clone();
        }
        all.extend([Field::hidden("entry", &entry.id), name]);
        all.extend(
            entry
                .fields
                .iter()
                .map(|field| line(&field.name, &field.label).hint(field.example.as_str()).of(Kind::Required)),
        );
    } else {
        all.extend([name, line("description", "Description")]);
        if is_fetched(fields) {
            all.push(
                line("metadata_url", "Address of the SAML metadata")
                    .hint("Such as https://app.example.com/saml/metadata. It is fetched once, now.")
                    .of(Kind::Required),
            );
        } else if origin == Origin::Metadata {
            all.push(
                line(FILE, "Metadata file")
                    .hint("The XML file that the application gives you. Or paste what is in it below.")
                    .of(Kind::File),
            );
            all.push(line("metadata", "SAML metadata").of(Kind::Lines));
        } else {
            all.push(
                line("acs_url", "Assertion consumer service")
                    .hint("Such as https://app.example.com/saml/acs.")
                    .of(Kind::Required),
            );
            all.push(line("audience", "Entity ID").of(Kind::Required));
        }
        all.push(line("relay_state", "Relay state"));
        all.push(
            line("attributes", "Attributes")
                .hint("One a line, such as mail = ${user:email}. The application is told these of a user.")
                .of(Kind::Lines),
        );
    }
    all.extend(more(fields, origin));
    Some(Form { action: PAGE, fields: all, submit: "Add application", ..Form::default() })
}

/// What most applications need nothing of, folded away until something is in it.
fn more(fields: &Fields, origin: Origin) -> Vec<Field> {
    let own = match origin {
        Origin::Catalogue => "As the catalogue says",
        Origin::Metadata => "As the metadata says",
        Origin::Manual | Origin::OpenIdConnect => "The email address",
    };
    let mut formats = vec![(String::new(), own.to_owned())];
    formats.extend(FORMATS.map(|(word, text, _)| (word.to_owned(), text.to_owned())));
    let [session, format, name] = naming(fields, formats);
    let [signed, signing, encryption] = security(fields);
    let asked = [session, format, name, signed, signing, encryption];
    let known = asked.iter().filter_map(|field| fields.get(field.name)).collect();
    let label = "Session, names, signatures and encryption".to_owned();
    let fold = Field { label, value: known, kind: Kind::Fold, ..Field::default() };
    let mut all = vec![fold];
    all.extend(asked);
    all.push(Field::default().of(Kind::FoldEnd));
    all
}

/// What was typed, with the text of a chosen file in place of pasted metadata; what is chosen is nowhere filled in
/// again, and so would be lost with the first mistake.
fn with_file(fields: &Fields, mistakes: &mut Mistakes) -> Fields {
    let file = mistakes.take(FILE, upload::text(fields, FILE)).flatten();
    let given: &[&str] = if file.is_some() { &[FILE, "metadata"] } else { &[FILE] };
    let rest = fields.pairs().filter(|(name, _)| !given.contains(name));
    let file = file.map(|text| ("metadata", text));
    Fields::of(rest.chain(file).map(|(name, text)| (name, text.to_owned())))
}

/// POST `/admin/applications/new`.
pub fn create(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let mut mistakes = Mistakes::default();
    let fields = &with_file(fields, &mut mistakes);
    let text = |name: &str| fields.get(name).unwrap_or_default().trim().to_owned();
    let origin = origin(fields).unwrap_or_default();
    let from = entry(fields).filter(|_| origin == Origin::Catalogue);
    let Some(mut form) = form(fields, origin) else { return Ok(choose(fields).show(of)) };
    let answers = from.map(|entry| entry.fields.iter().map(|field| (field.name.clone(), text(&field.name))));
    let metadata = if is_fetched(fields) {
        mistakes.take("metadata_url", fetched(of, &text("metadata_url"))).unwrap_or_default()
    } else {
        text("metadata")
    };
    let draft = ApplicationDraft {
        origin,
        name: text("name"),
        entry: text("entry"),
        answers: answers.into_iter().flatten().collect(),
        metadata,
        acs_url: text("acs_url"),
        audience: text("audience"),
        relay_state: text("relay_state"),
        attributes: from.is_none().then(|| attribute_lines::read(&text("attributes"))),
        session_minutes: text("session_minutes"),
        name_id_format: text("name_id_format"),
        name_id: text("name_id"),
        require_signed_requests: fields.get("signed").is_some(),
        signing_certificate: text("signing_certificate"),
        encryption_certificate: text("encryption_certificate"),
    };
    match draft.finish() {
        Ok(_) if !mistakes.is_empty() => {}
        Ok(saml) => {
            let (id, instance_id) = of.instance.ids().random_application();
            let description = from.map_or_else(|| text("description"), |entry| entry.description.clone());
            let application =
                Application { id, instance_id, name: draft.name, description, url: None, saml: Some(saml) };
            let entry = of.entry(audit::SSO, "CreateApplication", details(&application));
            if of.instance.store.put_application(&application, of.now(), &entry)? {
                return Ok(see_other(&applications::way_to(&application.id)));
            }
            mistakes.add("name", "Another application has this name. Choose a different one.");
        }
        Err(problems) => problems.iter().for_each(|problem| say(problem, &form, &mut mistakes)),
    }
    mistakes.mark(&mut form);
    let page = page(title(fields, origin))
        .pictured(icon(fields, origin))
        .with_some(mistakes.banner())
        .with(Part::Form(form));
    Ok(page.show_as(of, mistakes.status()))
}

/// What stands at an address. This machine is one of them in the sandbox alone.
fn fetched(of: &Administrator<'_>, address: &str) -> Result<String, String> {
    let work = fetch::document(address, of.instance.sample_apps);
    // Pages are made on threads that may wait.
    let found = tokio::runtime::Handle::current().block_on(work);
    found.map_err(|error| format!("Nothing was fetched: {error}."))
}

/// Says a problem of the draft at its field.
fn say(problem: &Problem, form: &Form, mistakes: &mut Mistakes) {
    let asked = problem.field.strip_prefix("answers.").unwrap_or(&problem.field);
    let asked = if asked.starts_with("attributes.") { "attributes" } else { asked };
    let is_asked = |name: &str| form.fields.iter().find(|field| field.name == name);
    if let (None, Some(field)) = (is_asked(asked), is_asked("metadata_url")) {
        mistakes.add(field.name, format!("What the address answers {}.", problem.problem));
        return;
    }
    // What is not asked on this page is said at its first field.
    let (name, label) = is_asked(asked).map_or(("name", asked), |field| (field.name, field.label.as_str()));
    mistakes.add(name, format!("{label} {}.", problem.problem));
}
