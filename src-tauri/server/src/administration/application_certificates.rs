//! `/admin/applications/certificates`: the certificate that signs an application's assertions, the one that is to
//! sign next, and the way from one to the other.

use super::{
    Administrator, Answer, applications, moment,
    page::{Field, Form, Link, Page, Part, Tone, way},
};
use crate::{
    fields::Fields,
    organisation::Application,
    saml::{
        Target,
        certificates::{self, CertificateError, Held},
    },
    signin::{PageError, see_other},
};

/// Where it is.
pub const PAGE: &str = "/admin/applications/certificates";

/// GET `/admin/applications/certificates`, with the `id` of an application.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let application = applications::named(of, fields)?;
    let done = match fields.get("done") {
        Some("made") => Some(
            "There is a new certificate. Give it to the application's administrator before you let it sign.",
        ),
        Some("signs") => Some("The new certificate signs from now on."),
        Some("gone") => Some("The certificate is deleted."),
        _ => None,
    };
    let done = done.map(|text| Part::Banner(Tone::Good, text.to_owned()));
    Ok(whole(of, &application, done)?.show(of))
}

/// The SAML side of an application that has one.
fn target(application: &Application) -> Result<Target<'_>, PageError> {
    Target::of(application).ok_or_else(|| super::gone("application with certificates"))
}

fn whole(of: &Administrator<'_>, application: &Application, said: Option<Part>) -> Result<Page, PageError> {
    let target = target(application)?;
    let mut page = Page::new(format!("Certificates of {}", application.name))
        .below("/admin/applications", "Applications")
        .below(applications::way_to(&application.id), &application.name)
        .with_some(said);
    let held = match certificates::all(of.instance, target) {
        Ok(held) => held,
        Err(CertificateError::Store(error)) => return Err(error.into()),
        Err(error) => return Ok(page.with(Part::Banner(Tone::Error, sentence(&error)))),
    };
    let signs = held.iter().find(|held| held.active).map(|held| held.made);
    for one in &held {
        let is_newer = Some(one.made) > signs;
        let title = match (one.active, is_newer) {
            (true, _) => "The certificate that signs",
            (false, true) => "The next certificate",
            (false, false) => "The old certificate",
        };
        page = certificate(of, page.with(Part::Heading(title.to_owned())), target, one);
        if !one.active {
            page = waiting(page, application, one, is_newer);
        }
    }
    if held.len() < 2 {
        let text = format!(
            "Make the next certificate first: it stands in the metadata beside the one that signs, and signs \
             nothing. Once the administrator of {} has put it there, let it sign.",
            application.name
        );
        let form = Form {
            action: "/admin/applications/certificates/create",
            fields: vec![Field::hidden("id", &application.id)],
            submit: "Make the next certificate",
            ..Form::default()
        };
        page = page.with(Part::Heading("Rotate".to_owned())).with(Part::Note(text)).with(Part::Form(form));
    }
    let links = vec![Link::new(target.metadata_url(of.instance), "Metadata")];
    Ok(page.with(Part::Heading("For the application's administrator".to_owned())).with(Part::Links(links)))
}

fn certificate(of: &Administrator<'_>, page: Page, target: Target<'_>, held: &Held) -> Page {
    let facts = vec![
        ("Good from", moment(held.certificate.not_before)),
        ("Good until", moment(held.certificate.not_after)),
        ("SHA-256 fingerprint", held.certificate.fingerprint()),
    ];
    let file =
        |name: &str| way(&format!("{}/{name}", target.metadata_url(of.instance)), [("id", held.id.as_str())]);
    // Metadata and downloads leave out what is over.
    let is_over = held.certificate.not_after <= of.now() && !held.active;
    let links = if is_over {
        Vec::new()
    } else {
        vec![
            Link::new(file("certificate.pem"), "Download (PEM)"),
            Link::new(file("certificate.der"), "Download (DER)"),
        ]
    };
    page.with(Part::Facts(facts)).with(Part::Links(links))
}

/// What can be done with one that does not sign.
fn waiting(page: Page, application: &Application, held: &Held, is_newer: bool) -> Page {
    let fields =
        || vec![Field::hidden("id", &application.id), Field::hidden("certificate", held.id.as_str())];
    let name = &application.name;
    let (submit, costs) = if is_newer {
        let costs = format!(
            "Sign-ins to {name} fail from now on unless its administrator has put this certificate there already."
        );
        ("Let it sign", costs)
    } else {
        ("Let it sign again", format!("Sign-ins to {name} fail unless it still accepts this certificate."))
    };
    let activate = Form {
        action: "/admin/applications/certificates/activate",
        fields: fields(),
        submit,
        costs: Some(costs),
        ..Form::default()
    };
    let delete = Form {
        action: "/admin/applications/certificates/delete",
        fields: fields(),
        submit: "Delete this certificate",
        costs: Some("It goes out of the metadata, and its key is gone for good.".to_owned()),
        ..Form::default()
    };
    page.with(Part::Form(activate)).with(Part::Form(delete))
}

/// An error as a sentence of its own.
fn sentence(error: &CertificateError) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// Does something with certificates and says how it went.
fn done(
    of: &Administrator<'_>,
    fields: &Fields,
    word: &str,
    act: impl FnOnce(Target<'_>, &str) -> Result<(), CertificateError>,
) -> Answer {
    let application = applications::named(of, fields)?;
    match act(target(&application)?, fields.get("certificate").unwrap_or_default()) {
        Ok(()) => Ok(see_other(&way(PAGE, [("id", application.id.as_str()), ("done", word)]))),
        Err(CertificateError::Store(error)) => Err(error.into()),
        Err(error) => {
            let said = Part::Banner(Tone::Error, format!("Nothing was changed. {}", sentence(&error)));
            Ok(whole(of, &application, Some(said))?.show_as(of, axum::http::StatusCode::CONFLICT))
        }
    }
}

/// POST `/admin/applications/certificates/create`.
pub fn create(of: &Administrator<'_>, fields: &Fields) -> Answer {
    done(of, fields, "made", |target, _| {
        certificates::create(of.instance, target, Some(&of.person.user)).map(drop)
    })
}

/// POST `/admin/applications/certificates/activate`, of a `certificate`.
pub fn activate(of: &Administrator<'_>, fields: &Fields) -> Answer {
    done(of, fields, "signs", |target, id| {
        certificates::activate(of.instance, target, id, Some(&of.person.user))
    })
}

/// POST `/admin/applications/certificates/delete`, of a `certificate`.
pub fn delete(of: &Administrator<'_>, fields: &Fields) -> Answer {
    done(of, fields, "gone", |target, id| {
        certificates::delete(of.instance, target, id, Some(&of.person.user))
    })
}
