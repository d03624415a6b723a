//! Our reading of the grammar against botocore's own, on generated files; and what botocore makes of the
//! files that we write.

use super::{credentials, file, generated, keep, modified};
use crate::{Document, ParseErrorKind};
use jiff::ToSpan;
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::{collections::BTreeMap, env, fs, path::Path, process::Command};

/// Prints, for each file of a folder, its sections or null where botocore rejects it.
const READ_ALL: &str = r"
import json, os, sys
from botocore.configloader import raw_config_parse
from botocore.exceptions import ConfigParseError
found = {}
for name in os.listdir(sys.argv[1]):
    path = os.path.join(sys.argv[1], name)
    try:
        raw_config_parse(path)
        found[name] = raw_config_parse(path, parse_subsections=False)
    except ConfigParseError:
        found[name] = None
json.dump(found, sys.stdout)
";

/// Prints the credentials of each profile as a botocore session finds them.
pub(super) const CREDENTIALS: &str = r"
import json, sys
from botocore.session import Session
found = {}
for name in sys.argv[1:]:
    c = Session(profile=name).get_credentials()
    found[name] = None if c is None else [c.access_key, c.secret_key, c.token]
json.dump(found, sys.stdout)
";

pub(super) fn python(script: &str, arguments: &[&str], settings: &[(&str, &Path)]) -> Value {
    let python = env::var_os("LATCHKEY_TEST_PYTHON").expect(
        "LATCHKEY_TEST_PYTHON names the Python of an environment with botocore; `make test` makes one",
    );
    let output = Command::new(python)
        .args(["-X", "utf8", "-c", script])
        .args(arguments)
        .envs(settings.iter().copied())
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_ACCESS_KEY_ID")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ours(text: &str) -> Value {
    let Ok(document) = Document::parse(text.as_bytes()) else { return Value::Null };
    // Sections, each with what [DEFAULT] adds to it.
    let names: Vec<String> = document.sections().collect();
    let defaults: Vec<String> = document.all_default_keys();
    let sections = names.iter().filter(|name| *name != "DEFAULT").map(|name| {
        let keys: BTreeMap<String, Value> = document
            .keys(name)
            .chain(defaults.iter().cloned())
            .map(|key| {
                let value = document.effective(name, &key).unwrap();
                (key, Value::String(value.to_string()))
            })
            .collect();
        (name.clone(), Value::Object(keys.into_iter().collect()))
    });
    Value::Object(sections.collect())
}

/// Whether we reject a file for an indented block of [DEFAULT], into which botocore looks only where a section
/// shows it.
fn for_its_defaults(text: &str) -> bool {
    let Err(error) = Document::parse(text.as_bytes()) else { return false };
    let bytes = text.as_bytes();
    let before = &text[..crate::grammar::lines(bytes).line(error.line - 1, bytes).start];
    let header = before.rsplit(['\n', '\r']).find(|line| line.starts_with('['));
    error.kind == ParseErrorKind::NestedWithoutEquals
        && header.is_some_and(|line| line.starts_with("[DEFAULT]"))
}

#[test]
fn the_same_files_are_read_and_read_the_same() {
    const FILES: usize = 1500;
    let folder = tempfile::tempdir().unwrap();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut texts = BTreeMap::new();
    for number in 0..FILES {
        let strategy =
            if number % 2 == 0 { generated::any_file().boxed() } else { generated::good_file().boxed() };
        let text = strategy.new_tree(&mut runner).unwrap().current();
        fs::write(folder.path().join(number.to_string()), &text).unwrap();
        texts.insert(number.to_string(), text);
    }
    let theirs = python(READ_ALL, &[folder.path().to_str().unwrap()], &[]);
    let (mut read, mut rejected, mut excused) = (0, 0, 0);
    for (name, text) in &texts {
        let theirs = &theirs[name];
        if !theirs.is_null() && for_its_defaults(text) {
            excused += 1;
            continue;
        }
        assert_eq!(&ours(text), theirs, "{text:?}");
        if theirs.is_null() { rejected += 1 } else { read += 1 }
    }
    assert!(
        read > FILES / 3 && rejected > FILES / 10 && excused < FILES / 100,
        "{read} read, {rejected} rejected, {excused} excused: not much of a test"
    );
}

/// Each turns on one rule of the grammar that a reader may get wrong.
#[test]
fn hostile_files_are_read_the_same() {
    let long = format!("[a]\nk = {}\n", "x".repeat(200_000));
    let many: String = (0..3000).map(|n| format!("k{n} = {n}\n")).collect();
    let texts = [
        "\u{feff}[a]\nk = 1\n",
        "[a]\n\u{feff}k = 1\n",
        "[a]\nk = 1\r[b]\rk = 2",
        "[a]\r\n\r\nk = 1\r\n  2\r\n\r\n  3\r\n\r\n",
        "[a]\nk = 1\u{85}l = 2\n",
        "[a]\nk =\n  x = 1\u{2028}y\n",
        "[a]\nk =\n  x = 1\u{b}y = 2\n",
        "[a]\n\u{a0}k\u{a0}=\u{a0}v\u{a0}\n",
        "[a]\n\u{3000}k = v\n\u{3000}\u{3000}w\n",
        "[a]\nk = \0\n",
        "[a]\n\u{1c}k = v\u{1f}\n",
        "[a]\nK = 1\nk = 2\n",
        "[a]\nİ = 1\n",
        "[a]\nẞ = 1\nß = 2\n",
        "[DEFAULT]\nk = 1\n[a]\n[DEFAULT]\nl = 2\n",
        "[DEFAULT]\nk = 1\n[a]\nx = 0\n[DEFAULT]\nk = 2\n",
        "[default]\nk = 1\n[ default ]\nk = 2\n",
        "[]\nk = 1\n",
        "[]]\nk = 1\n",
        "[a] trailing = 1\nk = 1\n",
        "[a\nk = 1\n",
        "[a]\n[a\n",
        "[a]\nk\n",
        "[a]\n= v\n",
        "[a]\n: v\n",
        "[a]\nk := v\n",
        "[a]\nk = v # no comment ; nor this\n",
        "[a]\nk = v\n  # a comment\n  w\n",
        "[a]\nk = v\n\n\n  w\n\n\n[b]\n",
        "[a]\nk = v\n [b]\n",
        "  [a]\n  k = v\n l = w\n",
        "[a]\nk =\n\n  x = 1\n",
        "[a]\nk =\n  x\n",
        "[a]\nrem = 1\nREM x\n",
        "k = 1\n[a]\n",
        "\n\n# only comments\n;\n",
        "[a]\nk = %(x)s ${y}\n",
    ];
    let large = [long, format!("[a]\n{many}[b]\n{many}"), format!("[a]\n{many}K7 = x\n")];
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<&str> = texts.into_iter().chain(large.iter().map(String::as_str)).collect();
    for (number, text) in texts.iter().enumerate() {
        fs::write(folder.path().join(number.to_string()), text).unwrap();
    }
    let theirs = python(READ_ALL, &[folder.path().to_str().unwrap()], &[]);
    for (number, text) in texts.iter().enumerate() {
        let start: String = text.chars().take(200).collect();
        assert_eq!(ours(text), theirs[number.to_string()], "{start:?}");
    }
}

#[test]
fn a_botocore_session_finds_what_we_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials");
    let config = folder.path().join("config");
    fs::write(&config, "[profile plain]\nregion = eu-west-1\n").unwrap();
    for (before, profile) in [
        ("", "plain"),
        ("[DEFAULT]\naws_security_token = leaks\n[x]\ny = 1", "plain"),
        ("[x]\r\n  y =\r\n    z = 1\r\n\r\n", "with space"),
        ("[plain]\n[x]\n", "default"),
    ] {
        fs::write(&path, before).unwrap();
        file(&path).update(&[keep(profile, 5)], modified(&path) + 9.seconds()).unwrap();
        let settings: [(&str, &Path); 2] =
            [("AWS_SHARED_CREDENTIALS_FILE", &path), ("AWS_CONFIG_FILE", &config)];
        let found = python(CREDENTIALS, &[profile], &settings);
        let c = credentials(5);
        let expected =
            [&c.access_key_id, &c.secret_access_key, &c.session_token].map(|it| it.expose_secret());
        assert_eq!(found[profile], serde_json::json!(expected), "{before:?}");
    }
}
