//! What a team shares: where to sign in, names and colours, environments, and how profiles are named. Nothing
//! else can be in it.

use super::{
    aws_config::comparable,
    naming::{Template, TemplateError},
    organisation::{Endpoints, is_loopback},
    partition::{is_aws_portal, is_region},
    rules::{self, Rule},
    shown::pretends,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use url::Url;

/// The form that this version reads and writes.
pub const FORM: u32 = 1;
/// More than any team has.
const MOST: usize = 200;

/// A team's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamFile {
    /// [`FORM`].
    pub latchkey_team: u32,
    /// What the team calls itself.
    pub name: String,
    /// How profiles are named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Where to sign in.
    #[serde(default, rename = "organisation", skip_serializing_if = "Vec::is_empty")]
    pub organisations: Vec<TeamOrganisation>,
    /// Which accounts belong to which environment.
    #[serde(default, rename = "rule", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
}

/// An organisation of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamOrganisation {
    /// What people see.
    pub name: String,
    /// Where to sign in.
    pub start_url: Url,
    /// The region of the sign-in.
    pub region: String,
    /// Its colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// Where the services of a server of one's own answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<Endpoints>,
}

/// The colours that the AWS console gives to accounts, by the console's own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Colour {
    Pink,
    Purple,
    DarkBlue,
    LightBlue,
    Teal,
    Green,
    Yellow,
    Orange,
    Red,
}

impl Colour {
    /// The console's own name of it, as it stands in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pink => "pink",
            Self::Purple => "purple",
            Self::DarkBlue => "darkBlue",
            Self::LightBlue => "lightBlue",
            Self::Teal => "teal",
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
        }
    }
}

/// What was taken over from teams; kept in the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adopted {
    /// Whose word counts for a team or a start URL: the fingerprint of the key that signed first.
    pub signers: BTreeMap<String, String>,
    /// Colours of organisations, by their start URL.
    pub colours: BTreeMap<String, Colour>,
}

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TeamFault {
    /// Another form than ours.
    Form(u32),
    /// A name that is empty, too long or passes for more than a name.
    Name(String),
    /// A start URL or endpoint that is not https, or carries a name, a password or a query.
    Url(String),
    /// A start URL of AWS with services elsewhere: whoever signs in there gives the sign-in to them.
    Elsewhere(String),
    /// No region.
    Region(String),
    /// A pattern that cannot be read, with the library's words, or that passes for more than a pattern.
    Pattern(String, String),
    /// The naming template.
    Template(TemplateError),
    /// Two organisations with one start URL.
    Twice(String),
    /// More entries than any team has.
    TooMany,
}

impl TeamFile {
    /// Looks whether all of it can be used.
    ///
    /// # Errors
    /// The first [`TeamFault`].
    pub fn check(&self) -> Result<(), TeamFault> {
        if self.latchkey_team != FORM {
            return Err(TeamFault::Form(self.latchkey_team));
        }
        if self.organisations.len() > MOST || self.rules.len() > MOST {
            return Err(TeamFault::TooMany);
        }
        named(&self.name)?;
        let mut seen = Vec::new();
        for org in &self.organisations {
            named(&org.name)?;
            let of_own = org.endpoints.iter().flat_map(|it| [&it.oidc, &it.portal, &it.federation, &it.sts]);
            for url in of_own.chain([&org.start_url]) {
                let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
                let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url));
                if !plain || !safe {
                    return Err(TeamFault::Url(without_secret(url)));
                }
            }
            let of_aws = org.start_url.host_str().is_some_and(is_aws_portal);
            if of_aws && org.endpoints.is_some() {
                return Err(TeamFault::Elsewhere(org.start_url.to_string()));
            }
            if !is_region(&org.region) {
                return Err(TeamFault::Region(org.region.clone()));
            }
            let place = comparable(org.start_url.as_str());
            if seen.contains(&place) {
                return Err(TeamFault::Twice(org.start_url.to_string()));
            }
            seen.push(place);
        }
        for rule in &self.rules {
            rules::compile(&rule.pattern).map_err(|why| TeamFault::Pattern(rule.pattern.clone(), why))?;
            if pretends(&rule.pattern) {
                let why = "write spaces as \\x20 and what is not seen by its number";
                return Err(TeamFault::Pattern(rule.pattern.escape_debug().to_string(), why.to_owned()));
            }
        }
        match self.template.as_deref().map(Template::parse) {
            Some(Err(error)) => Err(TeamFault::Template(error)),
            _ => Ok(()),
        }
    }

    /// What a signer answers for: the team's name and each start URL, as they are remembered.
    #[must_use]
    pub fn claims(&self) -> Vec<String> {
        let team = format!("team {}", self.name.to_lowercase());
        let places = self.organisations.iter().map(|org| comparable(org.start_url.as_str()));
        std::iter::once(team).chain(places).collect()
    }
}

/// Whoever put a password into an address does not want to see it again.
fn without_secret(url: &Url) -> String {
    format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())
}

fn named(name: &str) -> Result<(), TeamFault> {
    let good = !name.trim().is_empty() && name.chars().count() <= 100 && !pretends(name);
    if good { Ok(()) } else { Err(TeamFault::Name(name.escape_debug().to_string())) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::model::{environment::Environment, rules::Field};

    fn file() -> TeamFile {
        TeamFile {
            latchkey_team: FORM,
            name: "Platform".into(),
            template: Some("{account}.{role}".into()),
            organisations: vec![TeamOrganisation {
                name: "Acme".into(),
                start_url: "https://Acme.awsapps.com/start/".parse().unwrap(),
                region: "eu-west-1".into(),
                colour: Some(Colour::DarkBlue),
                endpoints: None,
            }],
            rules: vec![Rule {
                field: Field::Name,
                pattern: "^live".into(),
                environment: Environment::Production,
            }],
        }
    }

    #[test]
    fn a_colour_is_named_as_it_is_written() {
        for word in ["pink", "purple", "darkBlue", "lightBlue", "teal", "green", "yellow", "orange", "red"] {
            let colour: Colour = serde_json::from_value(word.into()).unwrap();
            assert_eq!(colour.name(), word);
        }
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        assert_eq!(file().check(), Ok(()));
        assert_eq!(file().claims(), ["team platform", "acme.awsapps.com"]);
        let check = |change: &dyn Fn(&mut TeamFile), expect: TeamFault| {
            let mut file = file();
            change(&mut file);
            assert_eq!(file.check(), Err(expect));
        };
        check(&|f| f.latchkey_team = 2, TeamFault::Form(2));
        check(&|f| f.name = "a\u{1b}[2J".into(), TeamFault::Name("a\\u{1b}[2J".into()));
        for name in ["Acme\u{200b}", "a\u{202e}b", "a\u{2066}b", "\u{feff}a", "Acme: https://acme.test/   "] {
            let shown = name.escape_debug().to_string();
            check(&|f| f.organisations[0].name = name.into(), TeamFault::Name(shown));
        }
        for url in [
            "http://acme.test/start",
            "https://sam:pw@acme.test/start",
            "https://acme.test/start?token=1",
            "ftp://acme.test",
        ] {
            let host = format!("{}://acme.test", url.split(':').next().unwrap());
            check(&|f| f.organisations[0].start_url = url.parse().unwrap(), TeamFault::Url(host));
        }
        let evil: Url = "https://evil.test/".parse().unwrap();
        let services =
            Endpoints { oidc: evil.clone(), portal: evil.clone(), federation: evil.clone(), sts: evil };
        check(
            &|f| f.organisations[0].endpoints = Some(services.clone()),
            TeamFault::Elsewhere("https://acme.awsapps.com/start/".into()),
        );
        check(&|f| f.organisations[0].region = "moon".into(), TeamFault::Region("moon".into()));
        let mut padded = file();
        padded.rules[0].pattern = "live   ".into();
        assert!(matches!(padded.check(), Err(TeamFault::Pattern(..))));
        check(&|f| f.rules[0].pattern = "(".into(), TeamFault::Pattern("(".into(), "unclosed group".into()));
        check(
            &|f| f.organisations.push(f.organisations[0].clone()),
            TeamFault::Twice("https://acme.awsapps.com/start/".into()),
        );
        let mut bad = file();
        bad.template = Some("{".into());
        assert!(matches!(bad.check(), Err(TeamFault::Template(_))));
    }
}
