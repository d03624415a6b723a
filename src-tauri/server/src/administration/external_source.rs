//! `/admin/identity-source/external`: the external identity provider, set up before it becomes the source, and its
//! certificates while it is.

use url::Url;

use super::{
    Administrator, Answer, moment,
    page::{Cell, Field, Form, Kind, Link, Mistakes, Page, Part, Table, Tone, way},
};
use crate::{
    audit,
    domain::loopback::is_owners_word,
    external::{self, metadata},
    fields::Fields,
    saml::{Certificate, certificate_text, pem},
    signin::{PageError, see_other},
    store::{ExternalProvider, SourceKind},
};
use serde_json::json;

/// The page.
pub const PAGE: &str = "/admin/identity-source/external";
/// It ends within this time: 30 days.
const ENDS_SOON: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 30);

/// GET `/admin/identity-source/external`.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    Ok(whole(of, fields, &Mistakes::default())?.show(of))
}

fn whole(of: &Administrator<'_>, fields: &Fields, mistakes: &Mistakes) -> Result<Page, PageError> {
    let (instance, store) = (of.instance, &of.instance.store);
    let (provider, source) = (store.external_provider()?, store.identity_source()?);
    let in_use = source == SourceKind::Saml;
    let state = match (&provider, in_use) {
        (_, true) => Part::Banner(
            Tone::Good,
            "In use: people sign in at this identity provider. Its second factor counts, and this server asks for none."
                .to_owned(),
        ),
        (Some(_), false) => Part::Notice(
            Tone::Warning,
            "Set up, and not in use: people still sign in here.".to_owned(),
            Link::new(way(super::source_change::PAGE, [("to", "saml")]), "Change the identity source"),
        ),
        (None, false) => {
            Part::Note("Two steps: tell the identity provider about this server, and this server about it.".to_owned())
        }
    };
    let saved = (fields.get("done") == Some("saved"))
        .then(|| Part::Banner(Tone::Good, "The identity provider is saved.".to_owned()));
    let text =
        |name: &str, kept: Option<String>| fields.get(name).map(str::to_owned).or(kept).unwrap_or_default();
    let pems = provider.as_ref().map(|provider| {
        provider.certificates.iter().map(|certificate| pem(certificate)).collect::<Vec<_>>().join("\n")
    });
    let mut form = Form {
        action: "/admin/identity-source/external",
        fields: vec![
            Field {
                value: text("metadata", None),
                ..Field::line("metadata", "Metadata of the identity provider", &Fields::default())
                    .hint("Paste the whole XML file. What it says goes before the fields below.")
                    .of(Kind::Lines)
            },
            Field {
                value: text("entity_id", provider.as_ref().map(|provider| provider.entity_id.clone())),
                ..Field::line("entity_id", "Issuer (entity ID)", &Fields::default())
            },
            Field {
                value: text("sign_in_url", provider.as_ref().map(|provider| provider.sign_in_url.clone())),
                ..Field::line("sign_in_url", "Sign-in URL", &Fields::default())
                    .hint("Its single sign-on service for HTTP-Redirect.")
            },
            Field {
                value: text("certificates", pems),
                ..Field::line("certificates", "Signing certificates", &Fields::default())
                    .hint("One in PEM, or two: while the identity provider changes its certificate, both count.")
                    .of(Kind::Lines)
            },
        ],
        submit: "Save",
        ..Form::default()
    };
    mistakes.mark(&mut form);
    let page = Page::new("External identity provider")
        .below("/admin/identity-source", "Identity source")
        .with_some(saved)
        .with_some(mistakes.banner())
        .with(state)
        .with(Part::Heading("This server, for the identity provider".to_owned()))
        .with(Part::Copied("metadata-url", "Metadata URL", external::entity_id(instance)))
        .with(Part::Copied("acs-url", "Assertion consumer service (ACS) URL", external::acs_url(instance)))
        .with(Part::Copied("sp-entity-id", "Audience (entity ID)", external::entity_id(instance)))
        .with(Part::Note(
            "The NameID is the user name of a user here. Assertions or responses are signed with RSA and SHA-256 or better, \
             and are not encrypted. Attributes named https://aws.amazon.com/SAML/Attributes/AccessControl:KEY become session tags."
                .to_owned(),
        ))
        .with(Part::Heading("The identity provider, for this server".to_owned()))
        .with_some(provider.as_ref().map(|provider| Part::Table(certificates(of, provider))))
        .with(Part::Form(form));
    Ok(page)
}

fn certificates(of: &Administrator<'_>, provider: &ExternalProvider) -> Table {
    let now = of.now();
    let row = |certificate: &String| {
        let read = Certificate::read(certificate)?;
        let state = match read.not_after.duration_since(now) {
            left if left <= jiff::SignedDuration::ZERO => Cell::Chip(Tone::Error, "EXPIRED"),
            left if left < ENDS_SOON => Cell::Chip(Tone::Warning, "EXPIRES SOON"),
            _ => Cell::Chip(Tone::Good, "ACTIVE"),
        };
        Some(vec![Cell::Code(read.fingerprint()), state, Cell::Text(moment(read.not_after))])
    };
    Table {
        caption: "Its signing certificates".to_owned(),
        columns: vec!["SHA-256 fingerprint", "State", "Expires"],
        rows: provider.certificates.iter().filter_map(row).collect(),
        ..Table::default()
    }
}

/// POST `/admin/identity-source/external`.
pub fn save(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let mut mistakes = Mistakes::default();
    let provider = read(of, fields, &mut mistakes);
    let Some(provider) = provider.filter(|_| mistakes.is_empty()) else {
        return Ok(whole(of, fields, &mistakes)?.show_as(of, mistakes.status()));
    };
    let fingerprints: Vec<String> = provider
        .certificates
        .iter()
        .filter_map(|certificate| Certificate::read(certificate).map(|read| read.fingerprint()))
        .collect();
    let details = json!({
        "EntityId": provider.entity_id,
        "SignInUrl": provider.sign_in_url,
        "CertificateFingerprints": fingerprints,
    });
    let entry = of.entry(audit::DIRECTORY, "UpdateExternalIdPConfigurationForDirectory", details);
    of.instance.store.put_external_provider(&provider, &entry)?;
    Ok(see_other(&way(PAGE, [("done", "saved")])))
}

fn read(of: &Administrator<'_>, fields: &Fields, mistakes: &mut Mistakes) -> Option<ExternalProvider> {
    let changed = of.now();
    if let Some(text) = fields.get("metadata") {
        let found = metadata::read(text).map_err(|error| format!("This {error}."));
        let found = mistakes.take("metadata", found)?;
        mistakes.take("metadata", sign_in_url(&found.sign_in_url))?;
        return Some(ExternalProvider {
            entity_id: found.entity_id,
            sign_in_url: found.sign_in_url,
            certificates: found.certificates,
            changed,
        });
    }
    let entity_id = fields.get("entity_id").unwrap_or_default().trim();
    if entity_id.is_empty() || entity_id.len() > 1024 {
        mistakes.add("entity_id", "Enter the issuer, such as https://idp.example.com/saml.");
    }
    let url = mistakes.take("sign_in_url", sign_in_url(fields.get("sign_in_url").unwrap_or_default()));
    let certificates = mistakes.take("certificates", pems(fields.get("certificates").unwrap_or_default()));
    Some(ExternalProvider {
        entity_id: entity_id.to_owned(),
        sign_in_url: url?,
        certificates: certificates?,
        changed,
    })
}

/// Where a browser can be sent: by https, or on this very machine.
fn sign_in_url(text: &str) -> Result<String, String> {
    let wrong = || "Enter an https URL, such as https://idp.example.com/sso.".to_owned();
    let url = Url::parse(text.trim()).map_err(|_| wrong())?;
    if is_owners_word(&url) { Ok(url.into()) } else { Err(wrong()) }
}

/// The certificates of a text of PEM blocks, each once.
fn pems(text: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for block in text.split("-----END CERTIFICATE-----").filter(|block| !block.trim().is_empty()) {
        let certificate = certificate_text(block).map_err(|problem| format!("Each {problem}."))?;
        if !found.contains(&certificate) {
            found.push(certificate);
        }
    }
    match found.len() {
        0 => Err("Enter the certificate that the identity provider signs with.".to_owned()),
        n if n > metadata::MOST_CERTIFICATES => {
            Err("Two certificates can stand side by side, and no more.".to_owned())
        }
        _ => Ok(found),
    }
}
