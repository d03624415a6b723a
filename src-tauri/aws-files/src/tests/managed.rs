//! Profiles that we write into the config file: what becomes of everything else in it, and what botocore
//! reads.

use super::{
    botocore_agreement::python,
    generated::{CASES, good_file},
    memory, names, now, text,
};
use crate::{
    Ask, AskOutcome, ConfigFile, ConfigStanding, Consent, Owner, ProfileName, SsoWish,
    managed::{ManageError, Origin, Removal, Way, Whose, Wish},
};
use proptest::{prelude::*, test_runner::RngSeed};
use serde_json::json;
use std::{fs, path::Path};

const START_URL: &str = "https://acme.awsapps.com/start";

fn sso(name: &str, account: &str, role: &str) -> Wish {
    Wish {
        profile: ProfileName::new(name).unwrap(),
        origin: Origin::reachable(START_URL, account, role),
        way: Way::Sso {
            start_url: START_URL.into(),
            region: "eu-west-1".into(),
            account: account.into(),
            role: role.into(),
        },
        region: Some("eu-central-1".into()),
        region_too: false,
        take_over: None,
    }
}

fn by(command: &str, account: &str, role: &str) -> Way {
    Way::Process { command: command.into(), account: account.into(), role: role.into() }
}

fn chain(name: &str, source: &str) -> Wish {
    Wish {
        profile: ProfileName::new(name).unwrap(),
        origin: Origin::Added,
        way: Way::Chain {
            role_arn: "arn:aws:iam::444455556666:role/Deploy".into(),
            source_profile: source.into(),
            session_name: Some("sam".into()),
            external_id: Some("x-1".into()),
            duration: None,
        },
        region: None,
        region_too: false,
        take_over: None,
    }
}

fn gone(name: &str) -> Removal {
    Removal { profile: name.into(), foreign_too: false }
}

/// Plans, writes, and gives the file's text.
fn write(path: &Path, wishes: &[Wish], removals: &[Removal]) -> Result<String, ManageError> {
    let file = ConfigFile::at(path);
    let seen = file.plan_profiles(wishes, removals)?.after;
    file.write_profiles(wishes, removals, &seen, now())?;
    Ok(text(path))
}

#[test]
fn profiles_with_one_sign_in_are_added_changed_and_removed() {
    let home = memory();
    let path = home.path().join(".aws/config");
    let both = [sso("pay-Dev", "111122223333", "Dev"), sso("data-Dev", "444455556666", "Dev")];
    let written = write(&path, &both, &[]).unwrap();
    assert_eq!(
        written,
        "[sso-session acme]\n# Kept by Latchkey as acme (session)\nsso_start_url = https://acme.awsapps.com/start\n\
         sso_region = eu-west-1\nsso_registration_scopes = sso:account:access\n\n[profile pay-Dev]\n\
         # Kept by Latchkey as pay-Dev (sync): https://acme.awsapps.com/start 111122223333 Dev\n\
         sso_session = acme\nsso_account_id = 111122223333\nsso_role_name = Dev\nregion = eu-central-1\n\n\
         [profile data-Dev]\n\
         # Kept by Latchkey as data-Dev (sync): https://acme.awsapps.com/start 444455556666 Dev\n\
         sso_session = acme\nsso_account_id = 444455556666\nsso_role_name = Dev\nregion = eu-central-1\n"
    );
    let again = ConfigFile::at(&path).plan_profiles(&both, &[]).unwrap();
    assert!(again.diff.is_empty() && again.unchanged == 2, "{:?}", again.diff);

    // What a person changes of the region or adds stays; what leads past us does not.
    let edited = written.replace(
        "region = eu-central-1\n\n[",
        "region = us-east-1\noutput = json\ncredential_process = x\n\n[",
    );
    fs::write(&path, &edited).unwrap();
    let changed = write(&path, &both, &[]).unwrap();
    assert_eq!(changed, edited.replace("credential_process = x\n", ""));

    // The sign-in goes with the last profile that uses it.
    let one = write(&path, &[], &[gone("pay-Dev")]).unwrap();
    assert!(
        one.starts_with("[sso-session acme]") && !one.contains("pay-Dev") && one.contains("data-Dev"),
        "{one}"
    );
    assert_eq!(write(&path, &[], &[gone("data-Dev")]).unwrap(), "");
    let backups: Vec<_> = names(path.parent().unwrap()).into_iter().filter(|n| n.ends_with(".bak")).collect();
    assert_eq!(backups[0], "config.latchkey-20261124-0031-2.bak");
    assert_eq!(backups.len(), 3, "one for each change of a file that was there: {backups:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |name: &str| fs::metadata(path.with_file_name(name)).unwrap().permissions().mode() & 0o777;
        assert!(backups.iter().all(|name| mode(name) == 0o600) && mode("config") == 0o600);
    }
}

#[test]
fn a_profile_that_is_not_ours_is_taken_only_with_a_word() {
    let home = memory();
    let path = home.path().join("config");
    let theirs = "[profile pay-Dev]\n# mine\nsso_start_url = https://acme.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = Old\ncli_pager =\n";
    fs::write(&path, theirs).unwrap();
    let wish = sso("pay-Dev", "111122223333", "Dev");
    assert!(matches!(write(&path, std::slice::from_ref(&wish), &[]), Err(ManageError::Taken { .. })));
    assert!(matches!(write(&path, &[], &[gone("pay-Dev")]), Err(ManageError::Taken { .. })));
    assert!(matches!(write(&path, &[], &[gone("x")]), Err(ManageError::Gone { .. })));
    assert_eq!(text(&path), theirs);
    let taken = write(&path, &[Wish { take_over: Some(Vec::new()), ..wish }], &[]).unwrap();
    assert!(
        taken.contains("# mine\n") && taken.contains("cli_pager =\n") && !taken.contains("Old"),
        "{taken}"
    );
    let listed = ConfigFile::at(&path).listing().unwrap();
    assert!(matches!(listed.profiles[0].whose, Whose::Ours(Origin::Reachable { .. })));
    assert_eq!(listed.profiles[0].session.as_deref(), Some("acme"));
}

#[test]
fn another_program_in_between_is_noticed() {
    let home = memory();
    let path = home.path().join("config");
    fs::write(&path, "[default]\n").unwrap();
    let file = ConfigFile::at(&path);
    let wish = [sso("a", "111122223333", "Dev")];
    let seen = file.plan_profiles(&wish, &[]).unwrap().after;
    fs::write(&path, "[default]\nregion = x\n").unwrap();
    let refused = file.write_profiles(&wish, &[], &seen, now());
    assert!(matches!(refused, Err(ManageError::Changed { .. })));
    assert_eq!(text(&path), "[default]\nregion = x\n");
    assert!(names(home.path()).iter().all(|name| !name.ends_with(".bak")));
}

#[test]
fn a_chain_has_a_beginning_and_comes_back_to_none() {
    let home = memory();
    let path = home.path().join("config");
    write(&path, &[sso("base", "111122223333", "Dev"), chain("one", "base"), chain("two", "one")], &[])
        .unwrap();
    match write(&path, &[chain("one", "two")], &[]) {
        Err(ManageError::Loop { chain }) => assert_eq!(chain, ["one", "two", "one"]),
        other => panic!("{other:?}"),
    }
    assert!(matches!(write(&path, &[chain("self", "self")], &[]), Err(ManageError::Loop { .. })));
    match write(&path, &[], &[gone("one")]) {
        Err(ManageError::Used { profile, by }) => assert_eq!((profile.as_str(), by.as_str()), ("one", "two")),
        other => panic!("{other:?}"),
    }
    let rest = write(&path, &[], &[gone("two"), gone("one")]).unwrap();
    assert!(!rest.contains("role_arn"), "{rest}");
}

#[test]
fn values_that_a_file_cannot_hold_are_refused() {
    let home = memory();
    let path = home.path().join("config");
    let process = |command: &str| Wish { way: by(command, "111122223333", "R"), ..sso("a", "1", "R") };
    for bad in ["a\nb = c", "x # y", "", " x", "x\ty"] {
        assert!(matches!(write(&path, &[process(bad)], &[]), Err(ManageError::Value { .. })), "{bad:?}");
    }
    assert!(matches!(write(&path, &[sso("a", "1", "Role\n[x]")], &[]), Err(ManageError::Value { .. })));
    fs::write(&path, "[DEFAULT]\nsso_session = x\n").unwrap();
    assert!(matches!(
        write(&path, &[sso("a", "1", "R")], &[]),
        Err(ManageError::Inherited { key: "sso_session" })
    ));
    assert!(write(&path, &[], &[]).is_ok());
}

/// An organisation's server says what its roles are called, and SDKs give the line to a shell.
#[test]
fn what_no_role_is_called_gets_no_program() {
    let home = memory();
    let path = home.path().join("config");
    for (account, role) in [
        ("1", "Dev"),
        ("11112222333x", "Dev"),
        ("111122223333", ""),
        ("111122223333", "Dev;id"),
        ("111122223333", "$(id)"),
        ("111122223333", "`id`"),
        ("111122223333", "Dev Ops"),
        ("111122223333", "D\u{e9}v"),
    ] {
        let wish = Wish { way: by("latch", account, role), ..sso("a", "1", "R") };
        assert!(matches!(write(&path, &[wish], &[]), Err(ManageError::Value { .. })), "{account}/{role}");
    }
    let wish = Wish { way: by("latch", "111122223333", "Dev_1+=,.@-"), ..sso("a", "1", "R") };
    assert!(write(&path, &[wish], &[]).is_ok());
}

fn asks(name: &str) -> Ask {
    Ask {
        profile: ProfileName::new(name).unwrap(),
        owner: Owner::new("abc").unwrap(),
        command: format!("/opt/latch credentials --profile {name}"),
        region: None,
        consent: Consent::ReplaceWithBackup,
    }
}

fn signs_in(name: &str, consent: Consent) -> SsoWish {
    SsoWish {
        profile: ProfileName::new(name).unwrap(),
        owner: Owner::new("abc").unwrap(),
        start_url: START_URL.into(),
        sso_region: "eu-west-1".into(),
        account: "111122223333".into(),
        role: "Dev".into(),
        session: "other".into(),
        others: Vec::new(),
        region: None,
        consent,
    }
}

#[test]
fn what_the_engine_keeps_is_not_ours_whatever_a_comment_says() {
    let home = memory();
    let path = home.path().join("config");
    fs::write(&path, "[profile mine]\nregion = x\n").unwrap();
    let file = ConfigFile::at(&path);
    assert!(matches!(file.ask(&asks("pay-Dev"), now()).unwrap(), AskOutcome::Written(_)));
    let (done, _) = file.sign_in_by_session(&signs_in("data-Dev", Consent::OursOnly), now()).unwrap();
    assert!(matches!(done, AskOutcome::Written(_)));
    // As an older version left it: with both marks.
    let marked = text(&path).replace(
        "[profile pay-Dev]\n",
        "[profile pay-Dev]\n# Kept by Latchkey as pay-Dev (sync): https://acme.awsapps.com/start 111122223333 Dev\n",
    );
    fs::write(&path, &marked).unwrap();

    let listing = file.listing().unwrap();
    for name in ["pay-Dev", "data-Dev"] {
        assert_eq!(listing.profile(name).unwrap().whose, Whose::Kept, "{name}");
        assert!(file.foreign().unwrap().iter().all(|it| it.name != name), "{name}");
        for take_over in [None, Some(Vec::new())] {
            let wish = Wish { take_over, ..sso(name, "111122223333", "Dev") };
            assert!(matches!(write(&path, &[wish], &[]), Err(ManageError::Kept { .. })), "{name}");
        }
        for foreign_too in [false, true] {
            let removal = Removal { profile: name.into(), foreign_too };
            assert!(matches!(write(&path, &[], &[removal]), Err(ManageError::Kept { .. })), "{name}");
        }
    }
    assert_eq!(text(&path), marked);
}

/// A later sync would undo what the person set up in the window.
#[test]
fn what_the_engine_takes_over_is_not_ours_any_more() {
    let home = memory();
    let path = home.path().join("config");
    let file = ConfigFile::at(&path);
    let all = ["one", "two", "three"].map(|name| sso(name, "111122223333", "Dev"));
    write(&path, &all, &[]).unwrap();

    assert!(matches!(file.ask(&asks("one"), now()).unwrap(), AskOutcome::Written(_)));
    // This very session and role, and another role.
    let (done, session) = file.sign_in_by_session(&signs_in("two", Consent::OursOnly), now()).unwrap();
    assert!(matches!(done, AskOutcome::Written(_)) && session == "acme", "{done:?}");
    let other = SsoWish { role: "Admin".into(), ..signs_in("three", Consent::ReplaceWithBackup) };
    assert!(matches!(file.sign_in_by_session(&other, now()).unwrap().0, AskOutcome::Written(_)));

    let listing = file.listing().unwrap();
    for name in ["one", "two", "three"] {
        assert_eq!(listing.profile(name).unwrap().whose, Whose::Kept, "{name}");
        assert_eq!(file.standing(name).unwrap(), ConfigStanding::Ours, "{name}");
        assert!(!text(&path).contains(&format!("# Kept by Latchkey as {name}")), "{}", text(&path));
    }
    // Given up by the engine they are gone, and no mark of ours is left to bring them back.
    for name in ["one", "two", "three"] {
        file.ask_no_more(&ProfileName::new(name).unwrap(), now()).unwrap();
    }
    assert!(
        file.listing().unwrap().profiles.iter().all(|it| !matches!(it.whose, Whose::Ours(_) | Whose::Kept))
    );
}

#[test]
fn the_diff_keeps_a_neighbours_secret_and_shows_what_is_ours() {
    let home = memory();
    let path = home.path().join("config");
    let own = "/opt/latch credentials --role 111122223333/PowerUserAccess2026";
    let process = Wish { way: by(own, "111122223333", "Dev"), ..sso("b", "111122223333", "Dev") };
    write(&path, std::slice::from_ref(&process), &[]).unwrap();
    let theirs = "\n[profile a]\ncredential_process = tool --key wJalrXUtnFEMIK7MDENG\n\
                  external_id = Zx9Zx9Zx9Zx9Zx9Zx9\n";
    fs::write(&path, text(&path) + theirs).unwrap();
    let more = Wish { take_over: Some(Vec::new()), ..sso("a", "111122223333", "Dev") };
    let changed = Wish { region: Some("us-east-1".into()), region_too: true, ..process };
    let diff = ConfigFile::at(&path).plan_profiles(&[more, changed], &[]).unwrap().diff.join("\n");
    assert!(!diff.contains("wJalr") && !diff.contains("Zx9"), "{diff}");
    assert_eq!(diff.matches("(a line that may be a secret is not shown)").count(), 2, "{diff}");
    assert!(diff.contains(&format!(" credential_process = {own}\n")), "{diff}");
}

#[test]
fn what_leads_past_us_goes_with_the_take_over_and_keys_are_never_taken() {
    let home = memory();
    let path = home.path().join("config");
    let theirs = "[profile a]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = eu-west-1\n\
                  sso_account_id = 111122223333\nsso_role_name = Dev\nrole_arn = arn:aws:iam::111122223333:role/x\n\
                  credential_source = Environment\nweb_identity_token_file = /tmp/t\noutput = json\n";
    fs::write(&path, theirs).unwrap();
    let wish = Wish { take_over: Some(Vec::new()), ..sso("a", "111122223333", "Dev") };
    let taken = write(&path, std::slice::from_ref(&wish), &[]).unwrap();
    assert!(taken.contains("output = json\n"), "{taken}");
    for gone in ["credential_source", "web_identity_token_file", "role_arn"] {
        assert!(!taken.contains(gone), "{taken}");
    }
    for key in ["aws_access_key_id = AKIAX", "aws_secret_access_key = x", "aws_session_token = x"] {
        let held = format!("{theirs}{key}\n");
        fs::write(&path, &held).unwrap();
        let refused = write(&path, std::slice::from_ref(&wish), &[]);
        assert!(matches!(refused, Err(ManageError::HasKeys { .. })), "{key}: {refused:?}");
        assert_eq!(text(&path), held);
        let found = ConfigFile::at(&path).foreign().unwrap();
        assert_eq!(found[0].obstacle, Some(crate::foreign::Obstacle::HoldsKeys));
    }
}

fn wanted() -> impl Strategy<Value = Vec<Wish>> {
    prop::collection::btree_set(0..8_u8, 1..6).prop_map(|numbers| {
        let wish = |n: u8| match n {
            0..5 => sso(&format!("managed-{n}"), &format!("{n:012}"), "Dev"),
            5 => Wish {
                way: by("latch credentials --role 111122223333/R", "111122223333", "R"),
                ..sso("with space", "1", "R")
            },
            _ => chain(&format!("chain-{n}"), "elsewhere"),
        };
        numbers.into_iter().map(wish).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, rng_seed: RngSeed::Fixed(20_261_125), failure_persistence: None, ..ProptestConfig::default() })]

    /// Every byte that was there stays where it was; twice is as once; and all of it goes again.
    #[test]
    fn foreign_bytes_stay(file in good_file(), first in wanted(), second in wanted()) {
        let path = Path::new("/h/config");
        let go = |bytes: &[u8], wishes: &[Wish], removals: &[Removal]| crate::managed::planned(path, bytes, wishes, removals);
        // A key of ours for every section is refused, which a test of its own shows.
        let one = go(file.as_bytes(), &first, &[]).unwrap();
        prop_assert!(one.starts_with(file.as_bytes()), "{:?}", String::from_utf8_lossy(&one));
        prop_assert_eq!(&go(&one, &first, &[]).unwrap(), &one);
        let two = go(&one, &second, &[]).unwrap();
        prop_assert!(two.starts_with(file.as_bytes()));
        let mut all: Vec<Removal> = first.iter().chain(&second).map(|wish| gone(wish.profile.as_str())).collect();
        all.sort_by(|a, b| a.profile.cmp(&b.profile));
        all.dedup();
        let last = go(&two, &[], &all).unwrap();
        prop_assert_eq!(String::from_utf8_lossy(&last), file);
    }
}

/// Prints each profile with what its session resolves to, and each profile's keys.
const PROFILES: &str = r"
import json, sys
from botocore.session import Session
session = Session()
found = {}
for name in session.available_profiles:
    found[name] = dict(session.full_config['profiles'][name])
json.dump({'profiles': found, 'sessions': session.full_config.get('sso_sessions', {})}, sys.stdout)
";

#[test]
fn botocore_sees_exactly_these_profiles() {
    let home = memory();
    let path = home.path().join("config");
    let before = "# mine\n[default]\nregion = x\n\n[profile mine]\ns3 =\n  addressing_style = path";
    fs::write(&path, before).unwrap();
    let process = Wish {
        way: by("\"/opt/my tools/latch\" credentials --role 111122223333/R", "111122223333", "R"),
        ..sso("Zürich dev", "1", "R")
    };
    let wishes = [sso("pay-Dev", "111122223333", "Dev"), process, chain("deploy", "pay-Dev")];
    let after = write(&path, &wishes, &[]).unwrap();
    assert!(after.starts_with(before));
    let credentials = home.path().join("none");
    let found =
        python(PROFILES, &[], &[("AWS_CONFIG_FILE", &path), ("AWS_SHARED_CREDENTIALS_FILE", &credentials)]);
    assert_eq!(
        found,
        json!({
            "profiles": {
                "default": { "region": "x" },
                "mine": { "s3": { "addressing_style": "path" } },
                "pay-Dev": { "sso_session": "acme", "sso_account_id": "111122223333", "sso_role_name": "Dev", "region": "eu-central-1" },
                "Zürich dev": { "credential_process": "\"/opt/my tools/latch\" credentials --role 111122223333/R", "region": "eu-central-1" },
                "deploy": { "role_arn": "arn:aws:iam::444455556666:role/Deploy", "source_profile": "pay-Dev", "role_session_name": "sam", "external_id": "x-1" },
            },
            "sessions": { "acme": { "sso_start_url": START_URL, "sso_region": "eu-west-1", "sso_registration_scopes": "sso:account:access" } },
        })
    );
}

/// The AWS CLI edits the file its own way: what it adds to a profile of ours stays, and the profile ours.
#[test]
fn what_the_aws_cli_sets_in_our_section_stays() {
    let home = memory();
    let path = home.path().join("config");
    let both = [sso("pay-Dev", "111122223333", "Dev"), sso("data-Dev", "444455556666", "Dev")];
    write(&path, &both, &[]).unwrap();
    for (key, value) in [("output", "json"), ("region", "us-east-1"), ("s3.addressing_style", "path")] {
        let done = std::process::Command::new("/usr/bin/aws")
            .args(["configure", "set", key, value, "--profile", "pay-Dev"])
            .env("HOME", home.path())
            .env("AWS_CONFIG_FILE", &path)
            .status();
        assert!(done.unwrap().success());
    }
    let edited = text(&path);
    assert!(edited.contains("addressing_style = path"), "{edited}");
    let again = ConfigFile::at(&path).plan_profiles(&both, &[]).unwrap();
    assert!(again.diff.is_empty() && again.unchanged == 2, "{:?}", again.diff);
    // With the section goes what was set in it, as the diff says.
    let gone = ConfigFile::at(&path).plan_profiles(&[], &[gone("pay-Dev")]).unwrap();
    assert!(gone.diff.iter().any(|line| line == "-output = json"), "{:?}", gone.diff);
    let left = write(&path, &[], &[super::managed::gone("pay-Dev")]).unwrap();
    assert!(!left.contains("addressing_style") && left.contains("[profile data-Dev]"), "{left}");
}
