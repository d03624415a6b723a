//! Applications on the command line: what the catalogue has, and a section for the organisation file from an
//! application's own metadata.

use std::{
    io::{self, Write},
    path::Path,
};

use anyhow::{Context, Result, bail};

use crate::{
    catalogue::{self, Entry},
    organisation::{self, NameIdFormat},
    saml::{
        fetch,
        import::{self, Imported},
    },
};

/// Prints the entries that have these words, or all about the one with this id.
///
/// # Errors
/// That there is none, or that it cannot be printed.
pub fn show_catalogue(words: &[String]) -> Result<()> {
    let text = words.join(" ");
    let mut out = io::stdout().lock();
    if let Some(entry) = catalogue::entry(&text) {
        return out.write_all(about(entry).as_bytes()).context("could not print");
    }
    let found = catalogue::search(&text);
    if found.is_empty() {
        bail!(
            "none of the catalogue's {} applications has these words; leave them out to see all",
            catalogue::all().len()
        );
    }
    for entry in found {
        writeln!(out, "{:<28} {}: {}", entry.id, entry.name, entry.description).context("could not print")?;
    }
    Ok(())
}

fn about(entry: &Entry) -> String {
    let mut lines = vec![format!("# {}: {}", entry.name, entry.description), format!("# {}", entry.verified)];
    if !entry.not_documented.is_empty() {
        lines.push(format!("# not documented: {}", entry.not_documented.join(", ")));
    }
    lines.extend(entry.sources.iter().map(|source| format!("# {}: {}", source.title, source.url)));
    lines.extend([
        "[[application]]".to_owned(),
        format!("name = {}", quoted(&entry.name)),
        format!("description = {}", quoted(&entry.description)),
        "groups = []".to_owned(),
        String::new(),
        "[application.saml]".to_owned(),
        format!("catalogue = {}", quoted(&entry.id)),
    ]);
    if entry.saml.signed_requests {
        lines.push("# It signs its requests: give its signing_certificates to have them checked.".to_owned());
    }
    if !entry.fields.is_empty() {
        lines.extend([String::new(), "[application.saml.fields]".to_owned()]);
    }
    for field in &entry.fields {
        lines.push(format!("# {}", field.label));
        lines.push(format!("{} = {}", field.name, quoted(&field.example)));
    }
    lines.push(String::new());
    lines.push("# The server says at its start what to do on the application's side.".to_owned());
    lines.join("\n") + "\n"
}

/// Prints a section for the organisation file from metadata in a file or at an address.
///
/// # Errors
/// What is wrong with it.
pub async fn import_application(place: &str, name: &str) -> Result<()> {
    let found = if place.contains("://") {
        fetch::metadata(place, false).await.with_context(|| place.to_owned())?
    } else {
        let text = organisation::text_of(Path::new(place))?;
        import::read(&text).with_context(|| place.to_owned())?
    };
    io::stdout().lock().write_all(section(name, &found).as_bytes()).context("could not print")
}

fn section(name: &str, found: &Imported) -> String {
    let mut lines = vec![
        "[[application]]".to_owned(),
        format!("name = {}", quoted(name)),
        "groups = []".to_owned(),
        String::new(),
        "[application.saml]".to_owned(),
        format!("acs_url = {}", quoted(&found.acs_url)),
        format!("audience = {}", quoted(&found.audience)),
    ];
    let format = match found.name_id_format {
        None | Some(NameIdFormat::Email) => "email",
        Some(NameIdFormat::Persistent) => "persistent",
        Some(NameIdFormat::Transient) => "transient",
        Some(NameIdFormat::Unspecified) => "unspecified",
    };
    lines.push(format!("name_id_format = {}", quoted(format)));
    if !found.signing_certificates.is_empty() {
        let all: Vec<String> = found.signing_certificates.iter().map(|text| quoted(text)).collect();
        lines.push(format!("signing_certificates = [{}]", all.join(", ")));
        lines.push(format!("require_signed_requests = {}", found.signs_requests));
    }
    if let Some(certificate) = &found.encryption_certificate {
        lines.push("# Without the number sign, assertions are encrypted for the application.".to_owned());
        lines.push(format!("# encryption_certificate = {}", quoted(certificate)));
    }
    lines.join("\n") + "\n"
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name = \"A\"\nregion = \"eu-central-1\"\nmanagement_account = \"111122223333\"\n";

    #[test]
    fn what_is_printed_is_what_the_organisation_file_takes() {
        for entry in catalogue::all() {
            let text = format!("{HEAD}{}", about(entry));
            let organisation =
                organisation::read("a.toml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert!(organisation.applications[&entry.name].saml.is_some());
        }
        let found = Imported {
            audience: "sp \"x\"".to_owned(),
            acs_url: "https://app.test/acs".to_owned(),
            name_id_format: Some(NameIdFormat::Persistent),
            signs_requests: true,
            signing_certificates: vec![crate::rig::saml_key().certificate().to_owned()],
            encryption_certificate: Some("MII".to_owned()),
        };
        let text = format!("{HEAD}{}", section("Own \"app\"", &found));
        let organisation =
            organisation::read("a.toml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let saml = organisation.applications["Own \"app\""].saml.as_ref().expect("it has SAML");
        assert!(saml.require_signed_requests && saml.signing_certificates.len() == 1);
        assert_eq!((&*saml.audience, saml.name_id_format), ("sp \"x\"", NameIdFormat::Persistent));
        assert_eq!(saml.encryption_certificate, None);
    }
}
