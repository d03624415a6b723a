//! Registrations shared with the CLI: what they are called, which are used and which stay.

use crate::{ConfigFile, RegisteredSession, SsoCache, SsoRegistration};
use jiff::{Timestamp, ToSpan};
use secrecy::{ExposeSecret, SecretString};
use std::fs;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn session(name: &str, scopes: Option<&[&str]>) -> RegisteredSession {
    RegisteredSession {
        name: name.to_owned(),
        start_url: "https://d-1234567890.awsapps.com/start".to_owned(),
        region: "us-east-1".to_owned(),
        scopes: scopes.map(|all| all.iter().map(|it| (*it).to_owned()).collect()),
    }
}

fn registration(id: &str, browser: bool, hours: i64) -> SsoRegistration {
    let client_secret = SecretString::from("planted-secret");
    SsoRegistration { client_id: id.to_owned(), client_secret, expires: now() + hours.hours(), browser }
}

const ACCESS: &[&str] = &["sso:account:access"];

#[test]
fn the_file_has_the_name_that_the_cli_gives_it() {
    let cache = SsoCache::in_home("/h".as_ref());
    let name = |session: &RegisteredSession, browser| {
        cache.registration_path(session, browser).file_stem().unwrap().to_string_lossy().into_owned()
    };
    // By the CLI 2.31 itself, for both ways.
    let known = "5a50437199927fabc74b9eb96d8639ecf2d19065";
    assert_eq!(name(&session("s1", Some(ACCESS)), false), known);
    assert_eq!(name(&session("s1", None), true), known, "the browser's way has these scopes of itself");
    assert_ne!(name(&session("s1", None), false), known);
    assert_ne!(name(&session("s2", Some(ACCESS)), false), known);
}

/// The names by Python's own hand, odd letters among them.
#[test]
fn python_gives_the_same_names() {
    const NAMES: &str = r"
import hashlib, json, sys
for line in sys.argv[1:]:
    pass
args = json.loads(sys.argv[1])
out = {}
for name in args:
    key = {'tool': 'botocore', 'startUrl': 'https://d-1234567890.awsapps.com/start', 'region': 'us-east-1',
           'scopes': None, 'session_name': name}
    out[name] = hashlib.sha1(json.dumps(key, sort_keys=True).encode('utf-8')).hexdigest()
json.dump(out, sys.stdout)
";
    let names = ["s1", "a b", "Zürich", "\u{1f600}", "q\"b\\"];
    let asked = serde_json::to_string(&names).unwrap();
    let found = super::botocore_agreement::python(NAMES, &[&asked], &[]);
    let cache = SsoCache::in_home("/h".as_ref());
    for name in names {
        let path = cache.registration_path(&session(name, None), false);
        assert_eq!(path.file_stem().unwrap().to_string_lossy(), found[name].as_str().unwrap(), "{name}");
    }
}

#[test]
fn what_works_this_way_is_used() {
    let home = tempfile::tempdir().unwrap();
    let cache = SsoCache::in_home(home.path());
    let there = session("s1", Some(ACCESS));
    let path = cache.registration_path(&there, true);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let put = |text: &str| fs::write(&path, text).unwrap();
    let found = |browser| cache.read_registration(&there, browser, now()).unwrap().map(|it| it.client_id);
    assert_eq!(found(true), None);
    // As the CLI 2.31 writes it by the browser, and by the device.
    put(
        r#"{"clientId":"c1","clientSecret":"s","expiresAt":"2027-01-16T00:00:00Z","scopes":["sso:account:access"],"grantTypes":["authorization_code","refresh_token"]}"#,
    );
    assert_eq!((found(true).as_deref(), found(false)), (Some("c1"), None));
    put(
        r#"{"clientId":"c2","clientSecret":"s","expiresAt":"2027-01-16T00:00:00UTC","scopes":["sso:account:access"]}"#,
    );
    assert_eq!((found(true), found(false).as_deref()), (None, Some("c2")));
    for bad in ["", "{}", r#"{"clientId":"c","clientSecret":"s","expiresAt":"2027-01-15T08:10:00Z"}"#] {
        put(bad);
        assert_eq!((found(true), found(false)), (None, None), "{bad}");
    }
    // A session without scopes is registered without the right to read accounts.
    let bare = session("s1", None);
    let other = cache.registration_path(&bare, false);
    fs::write(other, r#"{"clientId":"c","clientSecret":"s","expiresAt":"2028-01-16T00:00:00Z"}"#).unwrap();
    assert!(cache.read_registration(&bare, false, now()).unwrap().is_none());
}

#[test]
fn what_is_there_and_works_stays() {
    let home = tempfile::tempdir().unwrap();
    let cache = SsoCache::in_home(home.path());
    let there = session("s1", Some(ACCESS));
    let write = |new: &SsoRegistration| cache.write_registration(&there, new, now()).unwrap();
    let found = |browser| cache.read_registration(&there, browser, now()).unwrap();
    assert!(!write(&registration("b", true, 90)), "an older CLI would use a browser's for its device");
    assert!(write(&registration("d1", false, 1)));
    assert!(!write(&registration("d2", false, 90)), "it works still");
    assert!(!write(&registration("b", true, 90)), "it is of the other way");
    assert_eq!(found(false).unwrap().client_id, "d1");
    assert!(!format!("{:?}", found(false)).contains("planted"), "nothing prints a secret");
    assert_eq!(found(false).unwrap().client_secret.expose_secret(), "planted-secret");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(cache.registration_path(&there, false)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }
    // A CLI that goes by the browser left one, which is over.
    let path = cache.registration_path(&there, true);
    fs::write(&path, r#"{"clientId":"b0","clientSecret":"s","expiresAt":"2020-01-01T00:00:00Z","grantTypes":["authorization_code","refresh_token"]}"#).unwrap();
    assert!(write(&registration("b1", true, 90)));
    assert_eq!(found(true).unwrap().client_id, "b1");
    // What stands there and is no registration is somebody's.
    fs::write(&path, "not ours").unwrap();
    assert!(!write(&registration("d3", false, 90)));
    assert!(
        !cache
            .write_registration(&session("s1", Some(&["x"])), &registration("d", false, 90), now())
            .unwrap()
    );
    fs::remove_file(&path).unwrap();
    assert!(write(&registration("d3", false, 90)));
    cache.forget_registration(&there, "another").unwrap();
    assert!(path.exists());
    cache.forget_registration(&there, "d3").unwrap();
    assert!(!path.exists());
}

#[test]
fn sessions_of_the_config_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config");
    assert_eq!(ConfigFile::at(&path).sso_sessions().unwrap(), []);
    let text = "[sso-session s1]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region=us-east-1\n\
                sso_registration_scopes = sso:account:access , x\n[sso-session half]\nsso_region = us-east-1\n\
                [profile x]\nsso_session = s1\n";
    fs::write(&path, text).unwrap();
    assert_eq!(
        ConfigFile::at(&path).sso_sessions().unwrap(),
        [session("s1", Some(&["sso:account:access", "x"]))]
    );
}
