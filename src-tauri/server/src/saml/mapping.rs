//! The language of attribute mappings: constants, and `${user:…}` for what is known of a person, under the names
//! that AWS has for them (IAM Identity Center User Guide, attribute mappings). Beyond AWS, text and variables may
//! stand together, and `${path:…}` names an attribute of the directory. Pure.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// What a mapping can say of a person. Absent is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// `${user:subject}`: the user name.
    pub subject: String,
    /// `${user:email}`
    pub email: String,
    /// `${user:name}`: as people read it.
    pub name: String,
    /// `${user:givenName}`
    pub given_name: String,
    /// `${user:middleName}`
    pub middle_name: String,
    /// `${user:familyName}`
    pub family_name: String,
    /// `${user:preferredUsername}`
    pub preferred_username: String,
    /// `${user:AD_GUID}`: only of people from Active Directory.
    pub ad_guid: String,
    /// `${user:groups}`: names of groups, a value for each.
    pub groups: Vec<String>,
    /// `${user:groupIds}`: ids of the same groups.
    pub group_ids: Vec<String>,
    /// `${path:…}`, such as `enterprise.department`.
    pub paths: BTreeMap<String, Vec<String>>,
}

/// One variable.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Variable {
    Subject,
    Email,
    Name,
    GivenName,
    MiddleName,
    FamilyName,
    PreferredUsername,
    AdGuid,
    Groups,
    GroupIds,
    Path(String),
}

const USER: [(&str, Variable); 10] = [
    ("subject", Variable::Subject),
    ("email", Variable::Email),
    ("name", Variable::Name),
    ("givenName", Variable::GivenName),
    ("middleName", Variable::MiddleName),
    ("familyName", Variable::FamilyName),
    ("preferredUsername", Variable::PreferredUsername),
    ("AD_GUID", Variable::AdGuid),
    ("groups", Variable::Groups),
    ("groupIds", Variable::GroupIds),
];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(Variable),
}

/// A parsed mapping. In files and documents it is the text it was written as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

/// A mistake in a mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {problem}")]
pub struct MappingError {
    /// Which character, from 1.
    pub at: usize,
    /// What is wrong there.
    pub problem: MappingProblem,
}

/// What is wrong with a mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingProblem {
    /// XML 1.0 has no way to say it.
    #[error("control characters cannot be sent; use plain text")]
    Control,
    /// `${` without `}`.
    #[error("`${{` has no `}}`")]
    Unclosed,
    /// No such variable.
    #[error("`${{{0}}}` is not known; use plain text or one of {known}", known = known())]
    Unknown(String),
    /// Several values have no place in a text.
    #[error("`${{{0}}}` has a value for each group and must stand alone")]
    NotAlone(String),
}

fn known() -> String {
    let names: Vec<String> = USER.iter().map(|(name, _)| format!("${{user:{name}}}")).collect();
    format!("{}, ${{path:NAME}}", names.join(", "))
}

impl Template {
    /// Parses a mapping.
    ///
    /// # Errors
    /// [`MappingError`] names the first mistake and where it stands.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let fail = |byte: usize, problem| {
            let at = 1 + text.get(..byte).map_or(0, |before| before.chars().count());
            Err(MappingError { at, problem })
        };
        if let Some((byte, _)) = text.char_indices().find(|(_, c)| c.is_control()) {
            return fail(byte, MappingProblem::Control);
        }
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some(start) = rest.find("${") {
            if start > 0 {
                parts.push(Part::Text(rest[..start].to_owned()));
            }
            let byte = text.len() - rest.len() + start;
            let Some(length) = rest[start..].find('}') else { return fail(byte, MappingProblem::Unclosed) };
            let name = &rest[start + 2..start + length];
            let Some(variable) = variable(name) else {
                return fail(byte, MappingProblem::Unknown(name.to_owned()));
            };
            if variable.is_list() && length + 1 != text.len() {
                return fail(byte, MappingProblem::NotAlone(name.to_owned()));
            }
            parts.push(Part::Variable(variable));
            rest = &rest[start + length + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The values for a person; none where a variable of it has none.
    pub fn values(&self, of: &Attributes) -> Vec<String> {
        if let [Part::Variable(variable)] = &*self.parts {
            return variable.values(of);
        }
        let mut all = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => all.push_str(text),
                Part::Variable(variable) => match variable.values(of).into_iter().next() {
                    Some(value) => all.push_str(&value),
                    None => return Vec::new(),
                },
            }
        }
        if all.is_empty() { Vec::new() } else { vec![all] }
    }
}

fn variable(name: &str) -> Option<Variable> {
    match name.split_once(':')? {
        ("user", field) => USER.iter().find(|(name, _)| *name == field).map(|(_, known)| known.clone()),
        ("path", path) => is_path(path).then(|| Variable::Path(path.to_owned())),
        _ => None,
    }
}

/// `enterprise.department`, `emails[primary eq true].value`.
fn is_path(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-:[] \"".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.len() <= 256 && text.chars().all(plain)
}

impl Variable {
    fn is_list(&self) -> bool {
        matches!(self, Self::Groups | Self::GroupIds)
    }

    fn values(&self, of: &Attributes) -> Vec<String> {
        let text = match self {
            Self::Subject => &of.subject,
            Self::Email => &of.email,
            Self::Name => &of.name,
            Self::GivenName => &of.given_name,
            Self::MiddleName => &of.middle_name,
            Self::FamilyName => &of.family_name,
            Self::PreferredUsername => &of.preferred_username,
            Self::AdGuid => &of.ad_guid,
            Self::Groups => return of.groups.clone(),
            Self::GroupIds => return of.group_ids.clone(),
            Self::Path(path) => return of.paths.get(path).cloned().unwrap_or_default(),
        };
        if text.is_empty() { Vec::new() } else { vec![text.clone()] }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Template {
    type Error = MappingError;

    fn try_from(text: String) -> Result<Self, MappingError> {
        Self::parse(&text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sam() -> Attributes {
        Attributes {
            subject: "sam".to_owned(),
            email: "sam@acme.test".to_owned(),
            name: "Sam Sample".to_owned(),
            given_name: "Sam".to_owned(),
            family_name: "Sample".to_owned(),
            preferred_username: "sam".to_owned(),
            groups: vec!["engineering".to_owned(), "platform".to_owned()],
            group_ids: vec!["1".to_owned(), "2".to_owned()],
            paths: [("enterprise.department".to_owned(), vec!["R&D".to_owned()])].into(),
            ..Attributes::default()
        }
    }

    #[test]
    fn a_mapping_says_constants_and_what_is_known_of_a_person() {
        for (text, values) in [
            ("Viewer", vec!["Viewer"]),
            ("${user:subject}", vec!["sam"]),
            ("${user:email}", vec!["sam@acme.test"]),
            ("${user:name}", vec!["Sam Sample"]),
            ("${user:givenName}", vec!["Sam"]),
            ("${user:familyName}", vec!["Sample"]),
            ("${user:preferredUsername}", vec!["sam"]),
            ("${user:groups}", vec!["engineering", "platform"]),
            ("${user:groupIds}", vec!["1", "2"]),
            ("${path:enterprise.department}", vec!["R&D"]),
            ("${user:familyName}, ${user:givenName}", vec!["Sample, Sam"]),
            ("$5 {and} }", vec!["$5 {and} }"]),
            // Nothing is known of these: the attribute is left out, and so is a text around it.
            ("${user:middleName}", vec![]),
            ("${user:AD_GUID}", vec![]),
            ("${path:enterprise.costCenter}", vec![]),
            ("Guid ${user:AD_GUID}", vec![]),
            ("", vec![]),
        ] {
            let template = Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(template.values(&sam()), values, "{text}");
            assert_eq!(template.as_str(), text);
        }
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        for (text, at, words) in [
            ("Zoë ${user:shoeSize}", 5, "${user:email}"),
            ("${user:email", 1, "has no `}`"),
            ("ab${email}", 3, "not known"),
            ("${path:}", 1, "not known"),
            ("${path:a$b}", 1, "not known"),
            ("in ${user:groups}", 4, "must stand alone"),
            ("${user:groups}!", 1, "must stand alone"),
            ("a\u{1}", 2, "control"),
        ] {
            let error = Template::parse(text).expect_err(text);
            assert_eq!(error.at, at, "{text}: {error}");
            assert!(error.to_string().contains(words), "{text}: {error}");
        }
    }
}
