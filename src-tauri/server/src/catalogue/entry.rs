//! One entry: its file's shape, and what follows from an administrator's answers.

use std::collections::BTreeMap;
#[cfg(test)]
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Pattern, icon::Icon};
use crate::{organisation::NameIdFormat, saml::mapping::Template};

/// An application that is known beforehand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// `salesforce`, as files name it.
    pub id: String,
    /// `Salesforce`.
    pub name: String,
    /// Shown to people.
    pub description: String,
    /// Words to find it by.
    pub categories: Vec<String>,
    /// `documented on DATE`, or `unverified`.
    pub verified: String,
    /// Which values its sources do not say.
    #[serde(default)]
    pub not_documented: Vec<String>,
    /// What to do on the application's side; `{…}` as in [`Entry::steps`].
    pub steps: Vec<String>,
    /// A monogram.
    pub icon: Icon,
    /// Its service provider.
    pub saml: ServiceProvider,
    /// What to ask.
    #[serde(default, rename = "field")]
    pub fields: Vec<Field>,
    /// What it is told of a person.
    #[serde(default, rename = "attribute")]
    pub attributes: Vec<Attribute>,
    /// Where this comes from.
    #[serde(rename = "source")]
    pub sources: Vec<Source>,
}

/// The service provider, with `{field}` where an answer goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceProvider {
    /// Its entity id.
    pub audience: String,
    /// Its assertion consumer service.
    pub acs_url: String,
    /// How people are named to it.
    pub name_id_format: NameIdFormat,
    /// Where its own sign-in starts.
    pub start_url: Option<String>,
    /// Sent along with sign-ins that start here.
    pub relay_state: Option<String>,
    /// Whether it signs its requests.
    pub signed_requests: bool,
}

/// A question.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// As files and templates name it.
    pub name: String,
    /// Shown to people.
    pub label: String,
    /// An answer of the right form.
    pub example: String,
    /// What is taken.
    pub pattern: Pattern,
}

/// An attribute of the assertion.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// What it says; a mapping, with `{field}` where an answer goes.
    pub value: String,
    /// The kind of its name.
    #[serde(default)]
    pub format: NameFormat,
}

/// How an attribute's name is to be read (SAML Core 2.0 §8.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NameFormat {
    /// As both agree.
    #[default]
    Unspecified,
    /// A plain name.
    Basic,
    /// A URI.
    Uri,
}

/// Where values come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The page's title.
    pub title: String,
    /// Its address.
    pub url: String,
}

/// What follows from the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// Entity id.
    pub audience: String,
    /// Assertion consumer service.
    pub acs_url: String,
    /// How people are named to it.
    pub name_id_format: NameIdFormat,
    /// Where its own sign-in starts.
    pub start_url: Option<String>,
    /// Sent along with sign-ins that start here.
    pub relay_state: Option<String>,
    /// Name, mapping, format.
    pub attributes: Vec<(String, Template, NameFormat)>,
}

/// An answer that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {problem}")]
pub struct FieldProblem {
    /// Which field.
    pub field: String,
    /// What is wrong and what would be right.
    pub problem: String,
}

/// What the steps tell of our side.
#[derive(Debug, Clone)]
pub struct IdentityProviderFacts<'a> {
    /// Where the application reads our metadata.
    pub metadata_url: &'a str,
    /// Where requests go.
    pub sign_in_url: &'a str,
    /// Our entity id.
    pub issuer: &'a str,
    /// Where the certificate is downloaded.
    pub certificate: &'a str,
    /// SHA-256 of the certificate.
    pub fingerprint: &'a str,
}

impl NameFormat {
    /// As SAML names it.
    pub fn urn(self) -> &'static str {
        match self {
            Self::Unspecified => "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified",
            Self::Basic => "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
            Self::Uri => "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
        }
    }
}

impl Entry {
    /// The values for these answers.
    ///
    /// # Errors
    /// [`FieldProblem`] names the first answer that is missing, unknown or of the wrong form.
    pub fn fill(&self, answers: &BTreeMap<String, String>) -> Result<Filled, FieldProblem> {
        let problem = |field: &str, problem: String| FieldProblem { field: field.to_owned(), problem };
        if let Some(unknown) =
            answers.keys().find(|name| !self.fields.iter().any(|field| field.name == **name))
        {
            let names: Vec<&str> = self.fields.iter().map(|field| &*field.name).collect();
            let known = if names.is_empty() { "it has none".to_owned() } else { names.join(", ") };
            return Err(problem(unknown, format!("is not a field of {}; its fields: {known}", self.name)));
        }
        for field in &self.fields {
            match answers.get(&field.name) {
                None => {
                    let text = format!("is missing: {}, such as {}", field.label, field.example);
                    return Err(problem(&field.name, text));
                }
                Some(value) if !field.pattern.allows(value) => {
                    return Err(problem(&field.name, field.pattern.words().to_owned()));
                }
                Some(_) => {}
            }
        }
        let mut attributes = Vec::new();
        for attribute in &self.attributes {
            let mapping = Template::parse(&replaced(&attribute.value, answers))
                .map_err(|error| problem(&attribute.name, error.to_string()))?;
            attributes.push((attribute.name.clone(), mapping, attribute.format));
        }
        let fill = |template: &Option<String>| template.as_ref().map(|text| replaced(text, answers));
        Ok(Filled {
            audience: replaced(&self.saml.audience, answers),
            acs_url: replaced(&self.saml.acs_url, answers),
            name_id_format: self.saml.name_id_format,
            start_url: fill(&self.saml.start_url),
            relay_state: fill(&self.saml.relay_state),
            attributes,
        })
    }

    /// The steps with our own addresses and the answers in their places.
    pub fn steps(&self, ours: &IdentityProviderFacts<'_>, answers: &BTreeMap<String, String>) -> Vec<String> {
        let ours = [
            ("idp_metadata_url", ours.metadata_url),
            ("sign_in_url", ours.sign_in_url),
            ("issuer", ours.issuer),
            ("certificate", ours.certificate),
            ("fingerprint", ours.fingerprint),
        ];
        let mut all = answers.clone();
        all.extend(ours.map(|(name, value)| (name.to_owned(), value.to_owned())));
        self.steps.iter().map(|step| replaced(step, &all)).collect()
    }

    /// The names in braces of everything that is filled in.
    #[cfg(test)]
    pub fn placeholders(&self) -> BTreeSet<String> {
        let saml = [Some(&self.saml.audience), Some(&self.saml.acs_url)];
        let optional = [self.saml.start_url.as_ref(), self.saml.relay_state.as_ref()];
        let texts = saml.into_iter().chain(optional).flatten();
        let texts = texts.chain(self.attributes.iter().map(|attribute| &attribute.value)).chain(&self.steps);
        texts.flat_map(|text| names_in(text)).collect()
    }
}

/// The names in braces, those of mappings (`${…}`) left out.
#[cfg(test)]
fn names_in(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let Some(end) = rest[start..].find('}') else { break };
        if !rest[..start].ends_with('$') {
            names.push(rest[start + 1..start + end].to_owned());
        }
        rest = &rest[start + end + 1..];
    }
    names
}

/// Puts values into their places, once: a value is never looked at for places of its own.
fn replaced(text: &str, values: &BTreeMap<String, String>) -> String {
    let (mut all, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        all.push_str(before);
        let end = from.find('}').unwrap_or(from.len() - 1);
        let name = from.get(1..end).unwrap_or_default();
        match values.get(name) {
            Some(value) if !before.ends_with('$') => all.push_str(value),
            _ => all.push_str(&from[..=end]),
        }
        rest = &from[end + 1..];
    }
    all.push_str(rest);
    all
}
