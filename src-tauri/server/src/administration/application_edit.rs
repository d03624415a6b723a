//! `/admin/applications/edit`: everything that can be changed of an application.

use std::collections::BTreeSet;

use super::{
    Administrator, Answer, application_oauth,
    applications::{self, details},
    attribute_lines,
    page::{Field, Form, Kind, Mistakes, Page, Part},
};
use crate::{
    audit,
    domain::application_draft::{ApplicationDraft, Origin, Problem},
    fields::Fields,
    organisation::{Application, NameIdFormat, SamlApplication},
    saml::pem,
    signin::{PageError, see_other},
    store::{ApplicationRecord, Edited},
};

const PAGE: &str = "/admin/applications/edit";

/// Formats of names: as they are sent, in words, and what they are.
pub const FORMATS: [(&str, &str, NameIdFormat); 4] = [
    ("email", "Email address", NameIdFormat::Email),
    ("persistent", "Persistent: an opaque name that stays", NameIdFormat::Persistent),
    ("transient", "Transient: a new name each time", NameIdFormat::Transient),
    ("unspecified", "Unspecified: the user name", NameIdFormat::Unspecified),
];

/// GET `/admin/applications/edit`, with the `id` of one.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let known = named(of, fields)?;
    // Filled in as it was before a new sign-in, or as it is.
    let form = match fields.get("name") {
        None => form(&written(&known.application), &known.application),
        Some(_) => form(fields, &known.application),
    };
    Ok(page(&known).with(Part::Form(form)).show(of))
}

fn named(of: &Administrator<'_>, fields: &Fields) -> Result<ApplicationRecord, PageError> {
    let found = of.instance.store.application_record(fields.get("id").unwrap_or_default())?;
    found.ok_or_else(|| super::gone("application"))
}

fn page(known: &ApplicationRecord) -> Page {
    let application = &known.application;
    Page::new(format!("Edit {}", application.name))
        .below("/admin/applications", "Applications")
        .below(applications::way_to(&application.id), &application.name)
        .with_some(applications::named_by_file(known))
}

/// An application as it would be typed.
fn written(application: &Application) -> Fields {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut fields = vec![
        ("id", application.id.clone()),
        ("name", application.name.clone()),
        ("description", application.description.clone()),
        ("url", text(&application.url)),
    ];
    if let Some(saml) = &application.saml {
        let format = FORMATS.iter().find(|(.., format)| *format == saml.name_id_format);
        let certificates: Vec<String> = saml.signing_certificates.iter().map(|text| pem(text)).collect();
        fields.extend([
            ("acs_url", saml.acs_url.clone()),
            ("audience", saml.audience.clone()),
            ("relay_state", text(&saml.relay_state)),
            ("session_minutes", minutes(saml)),
            ("name_id_format", format.map(|(word, ..)| (*word).to_owned()).unwrap_or_default()),
            ("name_id", saml.name_id.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("attributes", attribute_lines::written(&saml.attributes)),
            ("signing_certificate", certificates.join("\n")),
            ("encryption_certificate", saml.encryption_certificate.as_deref().map(pem).unwrap_or_default()),
        ]);
        if saml.require_signed_requests {
            fields.push(("signed", "required".to_owned()));
        }
    }
    Fields::of(fields)
}

fn minutes(saml: &SamlApplication) -> String {
    saml.session_duration.map(|length| length.as_mins().to_string()).unwrap_or_default()
}

fn form(fields: &Fields, known: &Application) -> Form {
    let line = |name, label: &str| Field::line(name, label, fields);
    let mut all = vec![
        Field::hidden("id", &known.id),
        line("name", "Name in the portal").of(Kind::Required),
        line("description", "Description"),
    ];
    if known.saml.is_none() {
        let address = line("url", "Address").hint("Where the portal leads.");
        all.push(if known.url.is_some() { address.of(Kind::Required) } else { address });
        return Form { action: PAGE, fields: all, submit: "Save changes", ..Form::default() };
    }
    let formats = FORMATS.map(|(word, text, _)| (word.to_owned(), text.to_owned())).to_vec();
    all.extend([
        line("acs_url", "Assertion consumer service")
            .hint("The only address that gets assertions, such as https://app.example.com/saml/acs.")
            .of(Kind::Required),
        line("audience", "Entity ID")
            .hint("The audience of assertions. With another one, users get other persistent names.")
            .of(Kind::Required),
        line("url", "Start URL")
            .hint("Where the application's own sign-in starts. Leave it empty to sign in from here."),
        line("relay_state", "Relay state").hint("Goes along with sign-ins that start here."),
    ]);
    all.extend(naming(fields, formats));
    all.push(
        line("attributes", "Attributes")
            .hint(
                "One a line, such as mail = ${user:email}. Write [uri] or [basic] after a name of that kind.",
            )
            .of(Kind::Lines),
    );
    all.extend(security(fields));
    Form { action: PAGE, fields: all, submit: "Save changes", ..Form::default() }
}

/// How long a session there lasts, and what a person is called there: one of these formats.
pub fn naming(fields: &Fields, formats: Vec<(String, String)>) -> [Field; 3] {
    let line = |name, label: &str| Field::line(name, label, fields);
    [
        line("session_minutes", "Session in minutes")
            .hint("15 to 720. Leave it empty for as long as the sign-in here."),
        line("name_id_format", "Format of the name").of(Kind::Choice(formats)),
        line("name_id", "Value of the name")
            .hint("Such as ${user:email}. Leave it empty for what the format says."),
    ]
}

/// Signatures of the application, and encryption for it.
pub fn security(fields: &Fields) -> [Field; 3] {
    let line = |name, label: &str| Field::line(name, label, fields);
    let signed = fields.get("signed").is_some();
    [
        Field::many(
            "signed",
            "Requests of the application",
            vec![("required".to_owned(), "Must be signed".to_owned(), signed)],
        ),
        line("signing_certificate", "Certificates that it signs requests with")
            .hint("In PEM, one after the other.")
            .of(Kind::Lines),
        line("encryption_certificate", "Certificate that assertions are encrypted for")
            .hint("In PEM, of an RSA key. Leave it empty to encrypt nothing.")
            .of(Kind::Lines),
    ]
}

/// POST `/admin/applications/edit`.
pub fn save(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let known = named(of, fields)?;
    let mut mistakes = Mistakes::default();
    if let Some(next) = read(fields, &known.application, &mut mistakes) {
        let (before, after) = (written(&known.application), written(&next));
        let names: BTreeSet<&str> = before.pairs().chain(after.pairs()).map(|(name, _)| name).collect();
        let changed = names.into_iter().filter(|name| before.get(name) != after.get(name));
        let mut details = details(&next);
        details["fields"] = changed.collect();
        let entry = of.entry(audit::SSO, "UpdateApplication", details);
        let edited = of.instance.store.edit_application::<()>(&next.id, &entry, |record| {
            // Without an address there was nothing for the portal to list.
            let had_no_way = record.application.saml.is_none() && record.application.url.is_none();
            record.visible |= had_no_way && next.url.is_some();
            record.application = next.clone();
            Ok(())
        });
        match edited? {
            Edited::Done(_) => return Ok(see_other(&applications::way_to_saved(&next.id))),
            Edited::Taken => {
                mistakes.add("name", "Another application has this name. Choose a different one.");
            }
            Edited::Missing | Edited::Refused(()) => return Err(super::gone("application")),
        }
    }
    let mut form = form(fields, &known.application);
    mistakes.mark(&mut form);
    let page = page(&known).with_some(mistakes.banner());
    Ok(page.with(Part::Form(form)).show_as(of, mistakes.status()))
}

/// What was typed; `None` with a mistake in it.
fn read(fields: &Fields, known: &Application, mistakes: &mut Mistakes) -> Option<Application> {
    let text = |name: &str| fields.get(name).unwrap_or_default().trim().to_owned();
    let (name, description, url) = (text("name"), text("description"), text("url"));
    // What is not touched stays, however long it is.
    let new_description: &str = if description == known.description { "" } else { &description };
    application_oauth::check(&name, new_description, &url, mistakes);
    let saml = match &known.saml {
        None => {
            // One that only exchanges tokens has none.
            if url.is_empty() && known.url.is_some() {
                mistakes.add("url", "An application without SAML needs an address.");
            }
            None
        }
        Some(before) => Some(saml(&text, fields, before, mistakes)?),
    };
    let url = Some(url).filter(|url| !url.is_empty());
    mistakes.is_empty().then(|| Application { name, description, url, saml, ..known.clone() })
}

fn saml(
    text: &impl Fn(&str) -> String,
    fields: &Fields,
    before: &SamlApplication,
    mistakes: &mut Mistakes,
) -> Option<SamlApplication> {
    let minutes_typed = text("session_minutes");
    let draft = ApplicationDraft {
        origin: Origin::Manual,
        name: text("name"),
        acs_url: text("acs_url"),
        audience: text("audience"),
        name_id_format: text("name_id_format"),
        name_id: text("name_id"),
        relay_state: text("relay_state"),
        // What is not touched stays, odd seconds included.
        session_minutes: if minutes_typed == minutes(before) { String::new() } else { minutes_typed.clone() },
        attributes: Some(attribute_lines::read(&text("attributes"))),
        require_signed_requests: fields.get("signed").is_some(),
        signing_certificate: text("signing_certificate"),
        encryption_certificate: text("encryption_certificate"),
        ..ApplicationDraft::default()
    };
    let made = draft.finish().map_err(|problems| say(&problems, mistakes)).ok()?;
    let session_duration =
        if minutes_typed == minutes(before) { before.session_duration } else { made.session_duration };
    Some(SamlApplication {
        session_duration,
        assertion_lifetime: before.assertion_lifetime,
        catalogue: before.catalogue.clone(),
        ..made
    })
}

/// Says a draft's problems at the fields of this page.
fn say(problems: &[Problem], mistakes: &mut Mistakes) {
    const LABELS: [(&str, &str); 9] = [
        ("acs_url", "The address"),
        ("audience", "It"),
        ("relay_state", "It"),
        ("session_minutes", "It"),
        ("name_id_format", "It"),
        ("name_id", "It"),
        ("attributes", "An attribute"),
        ("signing_certificate", "A certificate"),
        ("encryption_certificate", "It"),
    ];
    for problem in problems {
        let field = problem.field.split('.').next().unwrap_or_default();
        let (name, label) =
            LABELS.iter().find(|(name, _)| *name == field).copied().unwrap_or(("name", "The name"));
        mistakes.add(name, format!("{label} {}.", problem.problem));
    }
}
