//! Every file of the catalogue is whole, and says what it does not know.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use quick_xml::{Reader, events::Event};
use url::Url;

use super::{Entry, IdentityProviderFacts, all, entry, files::FILES, search};

const OURS: [&str; 5] = ["idp_metadata_url", "sign_in_url", "issuer", "certificate", "fingerprint"];
const VALUES: [&str; 8] = [
    "saml.audience",
    "saml.acs_url",
    "saml.name_id_format",
    "saml.start_url",
    "saml.relay_state",
    "attribute",
    "steps",
    "field",
];

fn examples(entry: &Entry) -> BTreeMap<String, String> {
    entry.fields.iter().map(|field| (field.name.clone(), field.example.clone())).collect()
}

#[test]
fn the_binary_has_every_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue");
    let there: BTreeSet<String> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let embedded: BTreeSet<String> = FILES.iter().map(|(id, _)| format!("{id}.toml")).collect();
    assert_eq!(there, embedded, "src/catalogue/files.rs lists the files of catalogue/");
    assert!(FILES.len() >= 50, "{} entries", FILES.len());
}

#[test]
fn every_file_is_whole() {
    let mut names = BTreeSet::new();
    for (id, text) in FILES {
        let entry: Entry = toml::from_str(text).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(entry.id, *id, "the id is the file's name");
        assert!(names.insert(entry.name.to_lowercase()), "{id}: the name stands there twice");
        assert!(
            !entry.description.is_empty() && !entry.categories.is_empty() && !entry.steps.is_empty(),
            "{id}"
        );
        let filled = entry.fill(&examples(&entry)).unwrap_or_else(|error| panic!("{id}: {error}"));
        for url in [Some(&filled.acs_url), filled.start_url.as_ref()].into_iter().flatten() {
            let url = Url::parse(url).unwrap_or_else(|error| panic!("{id}: {url}: {error}"));
            assert!(url.scheme() == "https" && url.has_host() && url.fragment().is_none(), "{id}: {url}");
        }
        assert!(
            !filled.audience.is_empty() && !filled.audience.contains(['{', ' ']),
            "{id}: {}",
            filled.audience
        );
        assert!(filled.relay_state.is_none_or(|state| (1..=80).contains(&state.len())), "{id}");
        let fields: BTreeSet<String> = entry.fields.iter().map(|field| field.name.clone()).collect();
        assert_eq!(fields.len(), entry.fields.len(), "{id}: a field stands there twice");
        let used = entry.placeholders();
        for name in &used {
            assert!(fields.contains(name) || OURS.contains(&name.as_str()), "{id}: {{{name}}} is not known");
        }
        for name in &fields {
            assert!(used.contains(name), "{id}: the field {name} is asked for and not used");
            assert!(!OURS.contains(&name.as_str()), "{id}: {name} is one of ours");
        }
        let attributes: BTreeSet<&str> = entry.attributes.iter().map(|attribute| &*attribute.name).collect();
        assert_eq!(attributes.len(), entry.attributes.len(), "{id}: an attribute stands there twice");
    }
}

#[test]
fn every_file_says_where_it_comes_from() {
    for entry in all() {
        let id = &entry.id;
        assert!(!entry.sources.is_empty(), "{id}: no sources");
        for source in &entry.sources {
            let url = Url::parse(&source.url).unwrap_or_else(|error| panic!("{id}: {error}"));
            assert!(url.scheme() == "https" && !source.title.is_empty(), "{id}: {url}");
        }
        match entry.verified.strip_prefix("documented on ") {
            Some(date) => {
                let parsed = date.parse::<jiff::civil::Date>();
                assert!(parsed.is_ok(), "{id}: {date}");
            }
            None => {
                assert_eq!(entry.verified, "unverified", "{id}");
                assert!(!entry.not_documented.is_empty(), "{id}: says not which values are unverified");
            }
        }
        for value in &entry.not_documented {
            assert!(VALUES.contains(&value.as_str()), "{id}: there is no value {value}");
        }
    }
}

#[test]
fn every_icon_is_an_image_that_can_be_read() {
    for entry in all() {
        assert!(entry.icon.is_good(), "{}: {:?}", entry.id, entry.icon);
        let svg = entry.icon.svg();
        let mut reader = Reader::from_str(&svg);
        let mut names = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(tag) => names.push(String::from_utf8(tag.name().as_ref().to_vec()).unwrap()),
                Event::Empty(tag) => names.push(String::from_utf8(tag.name().as_ref().to_vec()).unwrap()),
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(names, ["svg", "rect", "text"], "{}", entry.id);
    }
}

#[test]
fn answers_are_checked_and_go_into_their_places() {
    let salesforce = entry("salesforce").unwrap();
    let answers = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let filled = salesforce.fill(&answers(&[("domain", "acme")])).unwrap();
    assert_eq!(filled.acs_url, "https://acme.my.salesforce.com");
    for (given, words) in [
        (answers(&[]), "`domain` is missing"),
        (answers(&[("domain", "evil.test/")]), "`domain` must be"),
        (
            answers(&[("domain", "acme"), ("colour", "red")]),
            "`colour` is not a field of Salesforce; its fields: domain",
        ),
    ] {
        let error = salesforce.fill(&given).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let ours = IdentityProviderFacts {
        metadata_url: "https://sso.test/saml/metadata/x",
        sign_in_url: "https://sso.test/saml/assertion/x",
        issuer: "https://sso.test/saml/assertion/x",
        certificate: "https://sso.test/saml/metadata/x/certificate.pem",
        fingerprint: "AA:BB",
    };
    for entry in all() {
        for step in entry.steps(&ours, &examples(entry)) {
            assert!(!step.contains('{') && !step.contains('}'), "{}: {step}", entry.id);
        }
    }
    let zendesk = entry("zendesk").unwrap().steps(&ours, &BTreeMap::new());
    assert!(zendesk.iter().any(|step| step == "Certificate fingerprint: AA:BB"), "{zendesk:?}");
}

#[test]
fn entries_are_found_by_words() {
    let ids = |text: &str| search(text).into_iter().map(|entry| &*entry.id).collect::<Vec<_>>();
    assert_eq!(ids("GitHub serv"), ["github-enterprise-server"]);
    assert_eq!(ids("").len(), all().len());
    assert!(ids("monitoring").contains(&"datadog"));
    assert_eq!(ids("no such thing"), Vec::<&str>::new());
}
