//! `credential_process` sections: what is written, what stays, and how others read it.

use super::botocore_agreement::python;
use crate::{
    Ask, AskOutcome, Change, ConfigFile, ConfigStanding, Consent, CredentialsFile, Owner, ProfileName,
    ProfileOutcome, command_line,
};
use std::{fs, path::Path, process::Command, time::Duration};

const COMMAND: &str = "/opt/latchkey/latch credentials --profile pay-dev";

fn now() -> jiff::Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

fn ask(profile: &str, region: Option<&str>, consent: Consent) -> Ask {
    Ask {
        profile: ProfileName::new(profile).unwrap(),
        owner: Owner::new("abc").unwrap(),
        command: COMMAND.to_owned(),
        region: region.map(str::to_owned),
        consent,
    }
}

fn in_file(before: &str, act: impl FnOnce(&ConfigFile, &Path)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, before).unwrap();
    act(&ConfigFile::at(&path), &path);
}

#[test]
fn a_section_comes_and_goes_and_every_other_byte_stays() {
    for before in [
        "# mine\n[profile other]\nregion = eu-west-1 ; said\n",
        "[default]\r\nregion=us-east-1\r\n\r\n; end",
        "[profile pay-dev]\n# by hand\noutput = json\n\n[profile z]\nrole_arn = x\n",
        "",
    ] {
        in_file(before, |file, path| {
            let asked = ask("pay-dev", Some("eu-west-1"), Consent::OursOnly);
            // An empty file that is new might be one being written.
            let now = now() + jiff::SignedDuration::from_hours(24 * 400);
            let AskOutcome::Written(backup) = file.ask(&asked, now).unwrap() else { panic!() };
            assert_eq!(backup.is_some(), !before.is_empty(), "{before:?}");
            assert_eq!(backup.map_or(before.to_owned(), |it| fs::read_to_string(it).unwrap()), before);
            let after = fs::read_to_string(path).unwrap();
            for line in [&format!("credential_process = {COMMAND}"), "region = eu-west-1"] {
                assert!(after.lines().any(|it| it == line), "{after}");
            }
            assert_eq!(file.standing("pay-dev").unwrap(), ConfigStanding::Ours);
            assert_eq!(file.ask(&asked, now).unwrap(), AskOutcome::Written(None), "nothing to do");
            assert_eq!(fs::read_to_string(path).unwrap(), after);
            assert!(matches!(file.ask_no_more(&asked.profile, now).unwrap(), AskOutcome::Written(None)));
            assert_eq!(fs::read_to_string(path).unwrap().trim_end(), before.trim_end());
        });
    }
}

#[test]
fn a_folder_that_is_not_there_is_made_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".aws/config");
    let file = ConfigFile::at(&path);
    let profile = ProfileName::new("pay-dev").unwrap();
    assert_eq!(file.ask_no_more(&profile, now()).unwrap(), AskOutcome::Written(None));
    assert!(!path.exists());
    file.ask(&ask("pay-dev", None, Consent::OursOnly), now()).unwrap();
    assert!(path.exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
}

#[test]
fn what_brings_credentials_already_is_left_alone_until_the_person_says_so() {
    for (section, standing) in [
        ("[profile pay-dev]\nsso_session = acme\n", ConfigStanding::Sso),
        ("[profile pay-dev]\ncredential_process = aws-vault export pay-dev\n", ConfigStanding::Process),
        ("[profile pay-dev]\naws_access_key_id = AKIAX\n", ConfigStanding::Keys),
        ("[profile pay-dev]\nrole_arn = arn:aws:iam::1:role/x\n", ConfigStanding::Role),
    ] {
        in_file(section, |file, path| {
            assert_eq!(file.standing("pay-dev").unwrap(), standing);
            let asked = file.ask(&ask("pay-dev", None, Consent::OursOnly), now()).unwrap();
            assert_eq!(asked, AskOutcome::Conflict(standing));
            assert_eq!(fs::read_to_string(path).unwrap(), section);
            let asked = file.ask(&ask("pay-dev", None, Consent::ReplaceWithBackup), now()).unwrap();
            let AskOutcome::Written(Some(backup)) = asked else { panic!("{asked:?}") };
            assert_eq!(fs::read_to_string(backup).unwrap(), section);
            assert_eq!(file.standing("pay-dev").unwrap(), ConfigStanding::Ours);
            let after = fs::read_to_string(path).unwrap();
            assert!(!after.contains("sso_session") && !after.contains("role_arn"), "{after}");
        });
    }
}

#[test]
fn a_line_that_another_program_changed_is_not_ours_any_more() {
    in_file("", |file, path| {
        let old = now() + jiff::SignedDuration::from_hours(24 * 400);
        file.ask(&ask("pay-dev", None, Consent::OursOnly), old).unwrap();
        let text = fs::read_to_string(path).unwrap().replace(COMMAND, "granted credential-process");
        fs::write(path, &text).unwrap();
        let changed = AskOutcome::Conflict(ConfigStanding::ChangedByAnother);
        assert_eq!(file.ask(&ask("pay-dev", None, Consent::OursOnly), old).unwrap(), changed);
        assert_eq!(file.ask_no_more(&ProfileName::new("pay-dev").unwrap(), old).unwrap(), changed);
        assert_eq!(fs::read_to_string(path).unwrap(), text);
    });
}

#[test]
fn keys_of_others_are_cleared_with_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials");
    let before = "[pay-dev]\naws_access_key_id = AKIAX\naws_secret_access_key = s\n\n[other]\naws_access_key_id = AKIAY\n";
    fs::write(&path, before).unwrap();
    let file = CredentialsFile::at(&path, Duration::from_secs(1));
    let done = file.update(&[Change::Clear(ProfileName::new("pay-dev").unwrap())], now()).unwrap();
    assert_eq!(done.profiles, [ProfileOutcome::Removed]);
    assert_eq!(fs::read_to_string(done.backup.unwrap()).unwrap(), before);
    assert_eq!(fs::read_to_string(&path).unwrap().trim_start(), "[other]\naws_access_key_id = AKIAY\n");
}

/// A program that prints its arguments, at a path that is hard to write, found by everyone.
#[test]
#[cfg(unix)]
fn botocore_and_a_shell_take_the_line_apart_alike() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    for (at, name) in ["latch", "my programs/latch", "it's $HOME/`x`/la\"tch", "ünï/l~at!ch", "a\\b/latch"]
        .into_iter()
        .enumerate()
    {
        let program = folder.path().join(at.to_string()).join(name);
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        let script = "#!/bin/sh\nprintf '{\"Version\": 1, \"AccessKeyId\": \"%s\", \"SecretAccessKey\": \"%s\"}' \"$#\" \"$3\"\n";
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let command = command_line(&program, &["credentials", "--profile", "a b"]).unwrap();
        let shell = Command::new("sh").args(["-c", &command]).output().unwrap();
        let expect = "{\"Version\": 1, \"AccessKeyId\": \"3\", \"SecretAccessKey\": \"a b\"}";
        assert_eq!(String::from_utf8_lossy(&shell.stdout), expect, "{command}");
        let config = folder.path().join("config");
        let _ = fs::remove_file(&config);
        let asked = Ask { command: command.clone(), ..ask("a b", None, Consent::OursOnly) };
        ConfigFile::at(&config).ask(&asked, now()).unwrap();
        let none = folder.path().join("none");
        let places = [("AWS_CONFIG_FILE", config.as_path()), ("AWS_SHARED_CREDENTIALS_FILE", none.as_path())];
        let found = python(super::botocore_agreement::CREDENTIALS, &["a b"], &places);
        assert_eq!(found["a b"], serde_json::json!(["3", "a b", null]), "{command}");
    }
    for bad in ["/a #b/latch", "/a;b", "/a\nb"] {
        assert!(command_line(Path::new(bad), &[]).is_err(), "{bad:?}");
    }
}
