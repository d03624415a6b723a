//! An application while an administrator sets it up or changes it: what was typed, what is wrong with it, and the
//! application in the end. Pure: what a page shows is for others.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::{
    catalogue::{self, NameFormat},
    organisation::{AttributeMapping, CatalogueChoice, NameIdFormat, SamlApplication, saml_rules as rules},
    saml::{
        certificate_text, encryption_certificate_text,
        import::{self, OPENID_CONNECT_REFUSED},
        mapping::Template,
    },
};

/// Where an application comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Origin {
    /// The catalogue.
    #[default]
    Catalogue,
    /// Its own metadata.
    Metadata,
    /// What the administrator types.
    Manual,
    /// The other protocol, which is refused.
    OpenIdConnect,
}

/// What a question is about, in the order in which problems are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Where it comes from, its name.
    Origin,
    /// Its addresses.
    Provider,
    /// What it is told of a person.
    Person,
    /// How both prove who they are.
    Security,
}

/// What was typed so far; empty where nothing was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApplicationDraft {
    /// Where it comes from.
    pub origin: Origin,
    /// What it is called in the portal.
    pub name: String,
    /// An entry of the catalogue.
    pub entry: String,
    /// The answers to the entry's questions.
    pub answers: BTreeMap<String, String>,
    /// Its metadata.
    pub metadata: String,
    /// By hand.
    pub acs_url: String,
    /// By hand.
    pub audience: String,
    /// `email` and the others; empty for the origin's own.
    pub name_id_format: String,
    /// A mapping; empty for the format's own.
    pub name_id: String,
    /// Sent along with sign-ins that start here.
    pub relay_state: String,
    /// In minutes; empty for as long as the session here.
    pub session_minutes: String,
    /// In place of the origin's own, once the administrator saw them; rows without a name are passed over.
    pub attributes: Option<Vec<AttributeDraft>>,
    /// Whether requests must be signed.
    pub require_signed_requests: bool,
    /// What it signs with, in one or several PEM blocks; empty for the metadata's own.
    pub signing_certificate: String,
    /// What assertions are encrypted for; empty for plain ones.
    pub encryption_certificate: String,
}

/// A row of the attributes' table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttributeDraft {
    /// Its name.
    pub name: String,
    /// A mapping.
    pub value: String,
    /// The kind of its name.
    pub format: NameFormat,
}

/// An answer that does not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is asked.
    pub step: Step,
    /// The input's name: `acs_url`, `answers.domain`, `attributes.0.value`.
    pub field: String,
    /// The end of a sentence that begins with the field's label.
    pub problem: String,
}

/// What the origin says.
#[derive(Default)]
struct Given {
    acs_url: String,
    audience: String,
    format: Option<NameIdFormat>,
    relay_state: Option<String>,
    attributes: Vec<AttributeMapping>,
    signs_requests: bool,
    certificates: Vec<String>,
    catalogue: Option<CatalogueChoice>,
}

impl ApplicationDraft {
    /// The application.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the steps.
    pub fn finish(&self) -> Result<SamlApplication, Vec<Problem>> {
        let mut problems = Vec::new();
        let built = self.build(&mut problems);
        problems.sort_by_key(|problem| problem.step);
        if problems.is_empty() { Ok(built) } else { Err(problems) }
    }

    fn build(&self, problems: &mut Vec<Problem>) -> SamlApplication {
        let mut no = |step, field: &str, problem: String| {
            problems.push(Problem { step, field: field.to_owned(), problem });
        };
        if self.name.trim().is_empty() {
            no(Step::Origin, "name", "must not be empty".to_owned());
        }
        let given = self.given(&mut no);
        let format = match &*self.name_id_format {
            "" => given.format.unwrap_or(NameIdFormat::Email),
            text => rules::name_id_format(text).unwrap_or_else(|problem| {
                no(Step::Person, "name_id_format", problem.to_owned());
                NameIdFormat::Email
            }),
        };
        let name_id = match &*self.name_id {
            "" => None,
            text => Template::parse(text)
                .map_err(|error| no(Step::Person, "name_id", format!("has a mistake {error}")))
                .ok(),
        };
        let relay_state = match &*self.relay_state {
            "" => given.relay_state,
            text => {
                if let Err(problem) = rules::relay_state(text) {
                    no(Step::Provider, "relay_state", problem.to_owned());
                }
                Some(text.to_owned())
            }
        };
        let session_duration = match self.session_minutes.trim() {
            "" => None,
            text => {
                let minutes = text.parse::<u16>().map(|minutes| SignedDuration::from_mins(minutes.into()));
                let length = minutes.ok().filter(|length| rules::session_duration(length).is_ok());
                if length.is_none() {
                    no(Step::Person, "session_minutes", "must be between 15 and 720 minutes".to_owned());
                }
                length
            }
        };
        let attributes = match &self.attributes {
            None => given.attributes,
            Some(rows) => mapped(rows, &mut no),
        };
        let mut signing_certificates = given.certificates;
        if !self.signing_certificate.trim().is_empty() {
            match certificates(&self.signing_certificate) {
                Ok(all) => signing_certificates = all,
                Err(problem) => no(Step::Security, "signing_certificate", problem.to_owned()),
            }
        }
        if self.require_signed_requests && signing_certificates.is_empty() {
            let problem = "is needed to check signed requests";
            no(Step::Security, "signing_certificate", problem.to_owned());
        }
        let encryption_certificate = match self.encryption_certificate.trim() {
            "" => None,
            text => encryption_certificate_text(text)
                .map_err(|problem| no(Step::Security, "encryption_certificate", problem.to_owned()))
                .ok(),
        };
        SamlApplication {
            acs_url: given.acs_url,
            audience: given.audience,
            name_id_format: format,
            name_id,
            relay_state,
            assertion_lifetime: rules::DEFAULT_LIFETIME,
            session_duration,
            attributes,
            require_signed_requests: self.require_signed_requests
                || (given.signs_requests && !signing_certificates.is_empty()),
            signing_certificates,
            encryption_certificate,
            catalogue: given.catalogue,
        }
    }

    fn given(&self, no: &mut impl FnMut(Step, &str, String)) -> Given {
        match self.origin {
            Origin::OpenIdConnect => {
                no(Step::Origin, "origin", OPENID_CONNECT_REFUSED.to_owned());
                Given::default()
            }
            Origin::Manual => {
                for (field, checked) in [
                    ("acs_url", rules::acs_url(&self.acs_url)),
                    ("audience", rules::audience(&self.audience)),
                ] {
                    if let Err(problem) = checked {
                        no(Step::Provider, field, problem.to_owned());
                    }
                }
                Given { acs_url: self.acs_url.clone(), audience: self.audience.clone(), ..Given::default() }
            }
            Origin::Metadata => match import::read(&self.metadata) {
                Err(error) => {
                    no(Step::Provider, "metadata", error.to_string());
                    Given::default()
                }
                Ok(found) => {
                    if let Err(problem) = rules::acs_url(&found.acs_url) {
                        let problem = format!("has an assertion consumer service that {problem}");
                        no(Step::Provider, "metadata", problem);
                    }
                    Given {
                        acs_url: found.acs_url,
                        audience: found.audience,
                        format: found.name_id_format,
                        signs_requests: found.signs_requests,
                        certificates: found.signing_certificates,
                        ..Given::default()
                    }
                }
            },
            Origin::Catalogue => self.catalogued(no),
        }
    }

    fn catalogued(&self, no: &mut impl FnMut(Step, &str, String)) -> Given {
        let Some(entry) = catalogue::entry(&self.entry) else {
            no(Step::Origin, "entry", "is not in the catalogue; choose one of it".to_owned());
            return Given::default();
        };
        let answers: BTreeMap<String, String> =
            self.answers.iter().map(|(name, value)| (name.clone(), value.trim().to_owned())).collect();
        match entry.fill(&answers) {
            Err(error) => {
                no(Step::Provider, &format!("answers.{}", error.field), error.problem);
                Given::default()
            }
            Ok(filled) => Given {
                acs_url: filled.acs_url,
                audience: filled.audience,
                format: Some(filled.name_id_format),
                relay_state: filled.relay_state,
                attributes: filled
                    .attributes
                    .into_iter()
                    .map(|(name, value, format)| AttributeMapping { name, values: vec![value], format })
                    .collect(),
                catalogue: Some(CatalogueChoice { id: entry.id.clone(), fields: answers }),
                ..Given::default()
            },
        }
    }
}

/// Certificates that stand one after the other.
fn certificates(text: &str) -> Result<Vec<String>, &'static str> {
    const BEGIN: &str = "-----BEGIN";
    let text = text.trim();
    if !text.starts_with(BEGIN) {
        return Ok(vec![certificate_text(text)?]);
    }
    text.split(BEGIN).skip(1).map(|block| certificate_text(&format!("{BEGIN}{block}"))).collect()
}

fn mapped(rows: &[AttributeDraft], no: &mut impl FnMut(Step, &str, String)) -> Vec<AttributeMapping> {
    let mut all: Vec<AttributeMapping> = Vec::new();
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| !row.name.trim().is_empty()) {
        let name = row.name.trim().to_owned();
        if let Err(problem) = rules::attribute_name(&name) {
            no(Step::Person, &format!("attributes.{index}.name"), problem.to_owned());
        }
        match Template::parse(&row.value) {
            Err(error) => {
                no(Step::Person, &format!("attributes.{index}.value"), format!("has a mistake {error}"));
            }
            // A name that stands there again has one value more.
            Ok(value) => match all.iter_mut().find(|other| other.name == name) {
                Some(known) => known.values.push(value),
                None => all.push(AttributeMapping { name, values: vec![value], format: row.format }),
            },
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> ApplicationDraft {
        ApplicationDraft {
            name: "Sales".to_owned(),
            entry: "salesforce".to_owned(),
            answers: [("domain".to_owned(), " acme ".to_owned())].into(),
            ..ApplicationDraft::default()
        }
    }

    fn row(name: &str, value: &str) -> AttributeDraft {
        AttributeDraft { name: name.to_owned(), value: value.to_owned(), format: NameFormat::Basic }
    }

    #[test]
    fn an_application_is_made_step_by_step() {
        let mut draft = catalogue();
        let made = draft.finish().expect("nothing is wrong");
        assert_eq!(made.acs_url, "https://acme.my.salesforce.com");
        assert_eq!(made.catalogue.map(|choice| choice.id), Some("salesforce".to_owned()));

        draft.attributes =
            Some(vec![row("role", "a"), row("", "passed over"), row("role", "${user:groups}")]);
        draft.session_minutes = "480".to_owned();
        let made = draft.finish().expect("nothing is wrong");
        assert_eq!((made.attributes.len(), made.attributes[0].values.len()), (1, 2));
        assert_eq!(made.session_duration, Some(SignedDuration::from_hours(8)));
    }

    #[test]
    fn each_problem_is_told_at_its_field() {
        type Change = fn(&mut ApplicationDraft);
        let changes: [(Change, Step, &str, &str); 13] = [
            (|d| d.name.clear(), Step::Origin, "name", "empty"),
            (|d| d.origin = Origin::OpenIdConnect, Step::Origin, "origin", "SAML 2.0"),
            (|d| d.entry.push('x'), Step::Origin, "entry", "not in the catalogue"),
            (|d| d.answers.clear(), Step::Provider, "answers.domain", "missing"),
            (|d| d.origin = Origin::Metadata, Step::Provider, "metadata", "not SAML metadata"),
            (|d| d.relay_state = "x".repeat(81), Step::Provider, "relay_state", "80"),
            (|d| d.name_id_format = "mail".to_owned(), Step::Person, "name_id_format", "persistent"),
            (|d| d.name_id = "${user:x}".to_owned(), Step::Person, "name_id", "at character 1"),
            (|d| d.session_minutes = "5".to_owned(), Step::Person, "session_minutes", "720"),
            (
                |d| d.attributes = Some(vec![row("a", "b"), row("c", "${")]),
                Step::Person,
                "attributes.1.value",
                "}",
            ),
            (|d| d.require_signed_requests = true, Step::Security, "signing_certificate", "needed"),
            (|d| d.signing_certificate = "x".to_owned(), Step::Security, "signing_certificate", "X.509"),
            (
                |d| d.encryption_certificate = "x".to_owned(),
                Step::Security,
                "encryption_certificate",
                "X.509",
            ),
        ];
        for (change, step, field, words) in changes {
            let mut draft = catalogue();
            change(&mut draft);
            let problems = draft.finish().expect_err(field);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!((problems[0].step, &*problems[0].field), (step, field), "{problems:?}");
            assert!(problems[0].problem.contains(words), "{words}: {problems:?}");
        }
        let own = crate::rig::saml_key();
        let mut several = catalogue();
        several.signing_certificate = format!("{}\n{}", own.certificate(), own.certificate());
        assert_eq!(several.finish().map(|saml| saml.signing_certificates.len()), Ok(2));
        several.signing_certificate.push_str("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----");
        assert_eq!(several.finish().map_err(|problems| problems.len()), Err(1));
        let manual =
            ApplicationDraft { origin: Origin::Manual, name: "x".to_owned(), ..ApplicationDraft::default() };
        let problems = manual.finish().expect_err("it has no addresses");
        let fields: Vec<String> = problems.into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["acs_url", "audience"]);
    }
}
