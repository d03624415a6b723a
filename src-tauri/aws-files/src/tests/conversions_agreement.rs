//! What botocore and the AWS CLI make of a converted config file.

use super::{botocore_agreement::python, conversions::config_file, now};
use crate::{ConfigFile, Document, ProfileName};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{collections::BTreeMap, fs, process::Command};

/// Prints, for each folder, how botocore's own SSO provider resolves each profile.
const RESOLVED: &str = r#"
import json, os, sys
from urllib.parse import urlsplit
from botocore.session import Session
found = {}
for folder in sorted(os.listdir(sys.argv[1])):
    path = os.path.join(sys.argv[1], folder)
    os.environ["AWS_CONFIG_FILE"] = os.path.join(path, "config")
    for name in json.load(open(os.path.join(path, "names"))):
        session = Session(profile=name)
        provider = session.get_component("credential_provider").get_provider("sso")
        c = dict(provider._load_sso_config())
        scoped = session.get_scoped_config()
        url = urlsplit(c["sso_start_url"])
        c["sso_start_url"] = f"{url.scheme}://{url.netloc.lower()}{url.path.rstrip('/')}"
        kept = {key: value for key, value in scoped.items() if key not in ("sso_session", "sso_start_url", "sso_region")}
        found[f"{folder} {name}"] = [c.pop("sso_session", None) is not None, c, kept]
json.dump(found, sys.stdout)
"#;

#[test]
fn a_converted_profile_resolves_to_the_same_sign_in() {
    const FILES: usize = 200;
    let (before, after) = (super::memory(), super::memory());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut profiles = 0;
    for number in 0..FILES {
        let (text, names) = config_file().new_tree(&mut runner).unwrap().current();
        // botocore reads no file with a byte order mark.
        let text = text.trim_start_matches('\u{feff}');
        profiles += names.len();
        for folder in [&before, &after] {
            let folder = folder.path().join(format!("{number:03}"));
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("config"), text).unwrap();
            fs::write(folder.join("names"), serde_json::to_string(&names).unwrap()).unwrap();
        }
        let file = ConfigFile::at(&after.path().join(format!("{number:03}/config")));
        let seen = file.plan(&names).unwrap().after;
        file.convert(&names, &seen, now()).unwrap();
        assert!(
            file.sso()
                .unwrap()
                .profiles
                .iter()
                .filter(|p| names.contains(&p.name))
                .all(|p| p.session.is_some())
        );
    }
    let resolved =
        |folder: &tempfile::TempDir| -> BTreeMap<String, (bool, serde_json::Value, serde_json::Value)> {
            serde_json::from_value(python(RESOLVED, &[folder.path().to_str().unwrap()], &[])).unwrap()
        };
    let (before, after) = (resolved(&before), resolved(&after));
    assert_eq!((before.len(), after.len()), (profiles, profiles));
    for (profile, (had_session, sign_in, rest)) in &before {
        let (has_session, same, same_rest) = &after[profile];
        assert!(!had_session && *has_session, "{profile}");
        assert_eq!((sign_in, rest), (same, same_rest), "{profile}");
    }
}

/// The distribution's CLI looks for the session's token, which nobody has made: it understood the file.
#[test]
fn the_aws_cli_takes_the_session() {
    let home = super::memory();
    let path = home.path().join("config");
    let config = "[profile a]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = 111122223333\nsso_role_name = ReadOnly\nregion = eu-west-1\n";
    fs::write(&path, config).unwrap();
    let aws = |arguments: &[&str]| {
        let output = Command::new("/usr/bin/aws")
            .args(arguments)
            .env("HOME", home.path())
            .env("AWS_CONFIG_FILE", &path)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output()
            .unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let file = ConfigFile::at(&path);
    let names = ["a".to_owned()];
    let seen = file.plan(&names).unwrap().after;
    file.convert(&names, &seen, now()).unwrap();
    assert_eq!(aws(&["configure", "get", "sso_session", "--profile", "a"]).0, "acme\n");
    let (_, error) = aws(&["sts", "get-caller-identity", "--profile", "a"]);
    assert!(error.contains("Token for acme does not exist"), "{error}");
    // What it writes itself into the section is read back by ours.
    aws(&["configure", "set", "output", "json", "--profile", "a"]);
    let document = Document::parse(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(document.get("profile a", "output").unwrap().as_str(), "json");
    assert!(ProfileName::new("a").is_ok());
}
