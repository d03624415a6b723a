//! The CLI's cache of sign-ins, read by the real botocore; and the sections that lead to it.
#![expect(clippy::disallowed_methods, reason = "botocore looks at the real clock")]

use super::botocore_agreement::python;
use crate::{
    AskOutcome, CachedRenewal, CachedSignIn, ConfigFile, ConfigStanding, Consent, Owner, ProfileName,
    SsoCache, SsoWish,
};
use jiff::{Timestamp, ToSpan};
use secrecy::{ExposeSecret, SecretString};
use std::fs;

/// Prints the token of each profile as botocore finds it, and when it ends.
const TOKENS: &str = r"
import json, sys
from botocore.session import Session
from botocore.tokens import SSOTokenProvider
found = {}
for name in sys.argv[1:]:
    t = SSOTokenProvider(Session(profile=name), profile_name=name).load_token().get_frozen_token()
    assert Session(profile=name).get_credentials().method == 'sso'
    found[name] = [t.token, int(t.expiration.timestamp())]
json.dump(found, sys.stdout)
";

fn sign_in(token: &str, expires: Timestamp) -> CachedSignIn {
    CachedSignIn {
        start_url: "https://acme.awsapps.com/start".to_owned(),
        region: "eu-west-1".to_owned(),
        access_token: SecretString::from(token),
        expires,
        renewal: Some(CachedRenewal {
            client_id: "client".to_owned(),
            client_secret: SecretString::from("planted-secret"),
            registration_expires: expires + 100.hours(),
            refresh_token: SecretString::from("planted-refresh"),
        }),
    }
}

fn wish(profile: &str, consent: Consent) -> SsoWish {
    SsoWish {
        profile: ProfileName::new(profile).unwrap(),
        owner: Owner::new("abc").unwrap(),
        start_url: "https://acme.awsapps.com/start".to_owned(),
        sso_region: "eu-west-1".to_owned(),
        account: "111122223333".to_owned(),
        role: "Dev".to_owned(),
        session: "acme".to_owned(),
        others: Vec::new(),
        region: Some("eu-west-1".to_owned()),
        consent,
    }
}

#[test]
fn botocore_uses_what_we_wrote() {
    let home = tempfile::tempdir().unwrap();
    let (cache, config) = (SsoCache::in_home(home.path()), home.path().join(".aws/config"));
    let expires = Timestamp::from_second(Timestamp::now().as_second() + 3600).unwrap();
    let file = ConfigFile::at(&config);
    let (outcome, session) =
        file.sign_in_by_session(&wish("pay dev", Consent::OursOnly), Timestamp::now()).unwrap();
    assert_eq!((outcome, session.as_str()), (AskOutcome::Written(None), "acme"));
    assert_eq!(file.standing("pay dev").unwrap(), ConfigStanding::Ours);
    assert!(cache.write("acme", &sign_in("ours", expires), &[], Timestamp::now()).unwrap().is_none());
    let found = python(TOKENS, &["pay dev"], &[("HOME", home.path()), ("AWS_CONFIG_FILE", &config)]);
    assert_eq!(found["pay dev"][0], "ours");
    assert_eq!(found["pay dev"][1].as_i64(), Some(expires.as_second()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(cache.path("acme")).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }
    assert!(!format!("{:?}", cache.read("acme").unwrap()).contains("planted"), "nothing prints a secret");
}

#[test]
fn the_file_has_the_name_that_the_cli_gives_it() {
    let path = SsoCache::in_home(std::path::Path::new("/h")).path("s1");
    assert_eq!(path.to_str(), Some("/h/.aws/sso/cache/640d87e741e6aa4c669a82a4cd304787960513ab.json"));
}

#[test]
fn the_one_that_works_longest_stays() {
    let home = tempfile::tempdir().unwrap();
    let cache = SsoCache::in_home(home.path());
    let (now, ours) = (Timestamp::now(), ["client".to_owned()]);
    cache.write("s", &sign_in("first", now + 1.hours()), &ours, now).unwrap();
    let newer =
        cache.write("s", &sign_in("late", now + 30.minutes()), &ours, now).unwrap().expect("the first");
    assert_eq!(newer.access_token.expose_secret(), "first");
    assert!(cache.write("s", &sign_in("second", now + 2.hours()), &ours, now).unwrap().is_none());
    let there = cache.read("s").unwrap().unwrap();
    assert_eq!(there.access_token.expose_secret(), "second");
    assert_eq!(there.renewal.unwrap().refresh_token.expose_secret(), "planted-refresh");
    cache.remove("s", &["somebody".to_owned()]).unwrap();
    assert!(cache.read("s").unwrap().is_some(), "not ours");
    cache.remove("s", &["client".to_owned()]).unwrap();
    assert!(cache.read("s").unwrap().is_none());
    // Half a file, and one of an older CLI.
    fs::write(cache.path("s"), "{\"accessTok").unwrap();
    assert!(cache.read("s").unwrap().is_none());
    fs::write(cache.path("s"), r#"{"accessToken": "a", "expiresAt": "2030-01-02T03:04:05UTC"}"#).unwrap();
    let old = cache.read("s").unwrap().unwrap();
    assert_eq!(old.expires.to_string(), "2030-01-02T03:04:05Z");
}

#[test]
fn the_persons_own_sign_in_with_another_program_stays_while_it_works() {
    let home = tempfile::tempdir().unwrap();
    let cache = SsoCache::in_home(home.path());
    let now = Timestamp::now();
    cache.write("s", &sign_in("theirs", now + 1.hours()), &[], now).unwrap();
    let ours = ["ours".to_owned()];
    let there = cache.write("s", &sign_in("ours", now + 8.hours()), &ours, now).unwrap().expect("theirs");
    assert_eq!(there.access_token.expose_secret(), "theirs");
    let later = now + 2.hours();
    assert!(cache.write("s", &sign_in("ours", now + 8.hours()), &ours, later).unwrap().is_none());
}

#[test]
fn a_session_that_somebody_else_signs_in_by_is_not_shared() {
    let folder = tempfile::tempdir().unwrap();
    let file = ConfigFile::at(&folder.path().join("config"));
    file.sign_in_by_session(&wish("sam", Consent::OursOnly), Timestamp::now()).unwrap();
    let kim = SsoWish { others: vec!["acme".to_owned()], ..wish("kim", Consent::OursOnly) };
    let (_, session) = file.sign_in_by_session(&kim, Timestamp::now()).unwrap();
    assert_eq!(session, "acme-2");
}

#[test]
fn sections_that_say_so_already_are_used_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let file = ConfigFile::at(&path);
    let mine = "[profile pay]\nsso_session = corp ; mine\n".replace(" ; mine", "")
        + "sso_account_id = 111122223333\nsso_role_name = Dev\n\n[sso-session corp]\n\
           sso_start_url = https://acme.awsapps.com/start\nsso_region = eu-west-1\n";
    fs::write(&path, &mine).unwrap();
    let asked = file.sign_in_by_session(&wish("pay", Consent::OursOnly), Timestamp::now()).unwrap();
    assert_eq!(asked, (AskOutcome::Written(None), "corp".to_owned()));
    assert_eq!(fs::read_to_string(&path).unwrap(), mine);
    // Another profile of the same session comes and goes.
    let (_, session) = file.sign_in_by_session(&wish("two", Consent::OursOnly), Timestamp::now()).unwrap();
    assert_eq!(session, "corp");
    file.ask_no_more(&ProfileName::new("two").unwrap(), Timestamp::now()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), mine);
    file.ask_no_more(&ProfileName::new("pay").unwrap(), Timestamp::now()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), mine, "not ours to take out");
    // Another role under that name is a conflict.
    let other = SsoWish { role: "Admin".to_owned(), ..wish("pay", Consent::OursOnly) };
    let (outcome, _) = file.sign_in_by_session(&other, Timestamp::now()).unwrap();
    assert_eq!(outcome, AskOutcome::Conflict(ConfigStanding::Sso));
}

#[test]
fn a_session_of_ours_goes_with_its_last_profile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let before = "[default]\nregion = us-east-1\n";
    fs::write(&path, before).unwrap();
    let file = ConfigFile::at(&path);
    for name in ["one", "two"] {
        file.sign_in_by_session(&wish(name, Consent::OursOnly), Timestamp::now()).unwrap();
    }
    file.ask_no_more(&ProfileName::new("one").unwrap(), Timestamp::now()).unwrap();
    assert!(fs::read_to_string(&path).unwrap().contains("[sso-session acme]"));
    file.ask_no_more(&ProfileName::new("two").unwrap(), Timestamp::now()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
}
