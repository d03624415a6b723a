//! What an organisation file says of a SAML application: by hand, from the catalogue, or from the application's own
//! metadata. What stands in the file goes before what is taken from elsewhere.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Deserialize;
use toml::Spanned;

use super::{
    check::{Mistake, mistake},
    saml::{AttributeMapping, CatalogueChoice, NameIdFormat, SamlApplication},
    saml_rules as rules,
};
use crate::{
    catalogue::{self, NameFormat},
    saml::{certificate_text, encryption_certificate_text, import, mapping::Template},
};

/// `[application.saml]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saml {
    pub catalogue: Option<Spanned<String>>,
    #[serde(default)]
    pub fields: BTreeMap<String, Spanned<String>>,
    pub metadata: Option<Spanned<String>>,
    pub acs_url: Option<Spanned<String>>,
    pub audience: Option<Spanned<String>>,
    pub name_id_format: Option<Spanned<String>>,
    pub name_id: Option<Spanned<String>>,
    pub relay_state: Option<Spanned<String>>,
    pub assertion_lifetime: Option<Spanned<SignedDuration>>,
    pub session_duration: Option<Spanned<SignedDuration>>,
    pub require_signed_requests: Option<Spanned<bool>>,
    #[serde(default)]
    pub signing_certificates: Vec<Spanned<String>>,
    pub encryption_certificate: Option<Spanned<String>>,
    #[serde(default)]
    pub attributes: BTreeMap<String, Spanned<AttributeValue>>,
}

/// What an attribute says: one value, several, or these with the format of its name.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum AttributeValue {
    One(String),
    Several(Vec<String>),
    Formatted(FormattedValue),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormattedValue {
    value: OneOrSeveral,
    #[serde(default)]
    format: NameFormat,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrSeveral {
    One(String),
    Several(Vec<String>),
}

/// What the file need not say.
#[derive(Default)]
struct Known {
    acs_url: Option<String>,
    audience: Option<String>,
    name_id_format: Option<NameIdFormat>,
    relay_state: Option<String>,
    attributes: Vec<AttributeMapping>,
    require_signed_requests: bool,
    signing_certificates: Vec<String>,
    catalogue: Option<CatalogueChoice>,
}

pub(super) fn check(raw: Spanned<Saml>) -> Result<SamlApplication, Mistake> {
    let table = raw.span();
    let raw = raw.into_inner();
    let known = match (&raw.catalogue, &raw.metadata) {
        (Some(value), Some(_)) => {
            let problem = "and `metadata` exclude each other: give one of them";
            return Err(mistake(value, "application.saml.catalogue", problem));
        }
        (Some(id), None) => from_catalogue(id, &raw.fields)?,
        (None, Some(xml)) => from_metadata(xml)?,
        (None, None) => Known::default(),
    };
    if let (None, Some(value)) = (&raw.catalogue, raw.fields.values().next()) {
        return Err(mistake(
            value,
            "application.saml.fields",
            "belong to a `catalogue` entry, which is missing",
        ));
    }
    let missing = |field: &'static str| Mistake {
        span: table.clone(),
        field,
        problem: "is missing: give it, a `catalogue` entry, or the application's `metadata`".to_owned(),
    };
    let acs_url = match raw.acs_url {
        Some(value) => {
            follows(&value, "application.saml.acs_url", |text| rules::acs_url(text))?;
            value.into_inner()
        }
        None => known.acs_url.ok_or_else(|| missing("application.saml.acs_url"))?,
    };
    let audience = match raw.audience {
        Some(value) => {
            follows(&value, "application.saml.audience", |text| rules::audience(text))?;
            value.into_inner()
        }
        None => known.audience.ok_or_else(|| missing("application.saml.audience"))?,
    };
    let name_id_format = match &raw.name_id_format {
        None => known.name_id_format.unwrap_or(NameIdFormat::Email),
        Some(value) => follows(value, "application.saml.name_id_format", |text| rules::name_id_format(text))?,
    };
    let name_id = match raw.name_id {
        None => None,
        Some(value) => Some(
            Template::parse(value.get_ref())
                .map_err(|error| mistake(&value, "application.saml.name_id", error.to_string()))?,
        ),
    };
    if let Some(value) = &raw.relay_state {
        follows(value, "application.saml.relay_state", |text| rules::relay_state(text))?;
    }
    if let Some(value) = &raw.assertion_lifetime {
        follows(value, "application.saml.assertion_lifetime", rules::assertion_lifetime)?;
    }
    if let Some(value) = &raw.session_duration {
        follows(value, "application.saml.session_duration", rules::session_duration)?;
    }
    let mut signing_certificates = known.signing_certificates;
    for value in &raw.signing_certificates {
        let text = certificate_text(value.get_ref())
            .map_err(|problem| mistake(value, "application.saml.signing_certificates", problem))?;
        signing_certificates.push(text);
    }
    let encryption_certificate = match &raw.encryption_certificate {
        None => None,
        Some(value) => Some(
            encryption_certificate_text(value.get_ref())
                .map_err(|problem| mistake(value, "application.saml.encryption_certificate", problem))?,
        ),
    };
    if let Some(value) = &raw.require_signed_requests
        && *value.get_ref()
        && signing_certificates.is_empty()
    {
        let problem = "needs the application's `signing_certificates`, or `metadata` that has them";
        return Err(mistake(value, "application.saml.require_signed_requests", problem));
    }
    let require_signed_requests = raw
        .require_signed_requests
        .map_or(known.require_signed_requests && !signing_certificates.is_empty(), Spanned::into_inner);
    Ok(SamlApplication {
        acs_url,
        audience,
        name_id_format,
        name_id,
        relay_state: raw.relay_state.map(Spanned::into_inner).or(known.relay_state),
        assertion_lifetime: raw.assertion_lifetime.map_or(rules::DEFAULT_LIFETIME, Spanned::into_inner),
        session_duration: raw.session_duration.map(Spanned::into_inner),
        attributes: attributes(known.attributes, raw.attributes)?,
        require_signed_requests,
        signing_certificates,
        encryption_certificate,
        catalogue: known.catalogue,
    })
}

/// A value that follows a rule, or the mistake in it.
fn follows<T, G>(
    value: &Spanned<T>,
    field: &'static str,
    rule: impl FnOnce(&T) -> Result<G, &'static str>,
) -> Result<G, Mistake> {
    rule(value.get_ref()).map_err(|problem| mistake(value, field, problem))
}

fn from_catalogue(
    id: &Spanned<String>,
    fields: &BTreeMap<String, Spanned<String>>,
) -> Result<Known, Mistake> {
    let Some(entry) = catalogue::entry(id.get_ref()) else {
        let like: Vec<&str> =
            catalogue::search(id.get_ref()).into_iter().map(|entry| &*entry.id).take(5).collect();
        let hint = if like.is_empty() { String::new() } else { format!("; near it: {}", like.join(", ")) };
        let problem = format!("has no entry \"{}\"{hint}", id.get_ref());
        return Err(mistake(id, "application.saml.catalogue", problem));
    };
    let answers: BTreeMap<String, String> =
        fields.iter().map(|(name, value)| (name.clone(), value.get_ref().clone())).collect();
    let filled = entry.fill(&answers).map_err(|error| match fields.get(&error.field) {
        Some(value) => mistake(value, "application.saml.fields", error.to_string()),
        None => mistake(id, "application.saml.fields", error.to_string()),
    })?;
    if rules::acs_url(&filled.acs_url).is_err() || rules::audience(&filled.audience).is_err() {
        let problem = "make addresses that SAML does not allow; look at them again";
        return Err(mistake(id, "application.saml.fields", problem));
    }
    let attributes = filled.attributes.into_iter();
    let attributes = attributes
        .map(|(name, value, format)| AttributeMapping { name, values: vec![value], format })
        .collect();
    Ok(Known {
        acs_url: Some(filled.acs_url),
        audience: Some(filled.audience),
        name_id_format: Some(filled.name_id_format),
        relay_state: filled.relay_state,
        attributes,
        require_signed_requests: entry.saml.signed_requests,
        catalogue: Some(CatalogueChoice { id: entry.id.clone(), fields: answers }),
        ..Known::default()
    })
}

fn from_metadata(xml: &Spanned<String>) -> Result<Known, Mistake> {
    let field = "application.saml.metadata";
    let found = import::read(xml.get_ref()).map_err(|error| mistake(xml, field, error.to_string()))?;
    if let Err(problem) = rules::acs_url(&found.acs_url) {
        let problem = format!("has an assertion consumer service that {problem}");
        return Err(mistake(xml, field, problem));
    }
    Ok(Known {
        acs_url: Some(found.acs_url),
        audience: Some(found.audience),
        name_id_format: found.name_id_format,
        require_signed_requests: found.signs_requests,
        signing_certificates: found.signing_certificates,
        ..Known::default()
    })
}

/// What is known beforehand, with what the file says of the same names in its place.
fn attributes(
    mut known: Vec<AttributeMapping>,
    raw: BTreeMap<String, Spanned<AttributeValue>>,
) -> Result<Vec<AttributeMapping>, Mistake> {
    let field = "application.saml.attributes";
    for (name, value) in raw {
        rules::attribute_name(&name).map_err(|problem| mistake(&value, field, problem))?;
        let (texts, format) = match value.get_ref() {
            AttributeValue::One(text) => (vec![text], NameFormat::default()),
            AttributeValue::Several(texts) => (texts.iter().collect(), NameFormat::default()),
            AttributeValue::Formatted(formatted) => match &formatted.value {
                OneOrSeveral::One(text) => (vec![text], formatted.format),
                OneOrSeveral::Several(texts) => (texts.iter().collect(), formatted.format),
            },
        };
        let values = texts
            .into_iter()
            .map(|text| Template::parse(text))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| mistake(&value, field, format!("has a mistake {error}")))?;
        known.retain(|other| other.name != name);
        known.push(AttributeMapping { name, values, format });
    }
    Ok(known)
}
