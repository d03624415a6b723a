//! Changes of a file, from the first to the undo.

use super::{FOREIGN, file, keep, modified, names, now, put, section, stop, text};
use crate::{
    Change, Consent, FileError, ForeignKeys, ProfileOutcome, Standing,
    replace::{Step, Steps},
};
use jiff::ToSpan;
use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_new_file_and_its_folder_are_private() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".aws/credentials");
    let outcome = file(&path).update(&[keep("dev", 1)], now()).unwrap();
    assert_eq!(outcome.backup, None);
    assert_eq!(text(&path), section("dev", 1));
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(names(path.parent().unwrap()), [".credentials.latchkey-lock", "credentials"]);
}

#[test]
fn many_profiles_change_in_one_write_and_strangers_stay() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    fs::write(&path, FOREIGN).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    let it = file(&path);
    let outcome = it.update(&[keep("dev", 1), keep("default", 2), keep("ro", 3)], now()).unwrap();
    let fingerprint = |n| ProfileOutcome::Written(super::credentials(n).fingerprint());
    let conflict = ProfileOutcome::Conflict(Standing::Foreign { keys: ForeignKeys::LongLived });
    assert_eq!(outcome.profiles, [fingerprint(1), conflict, fingerprint(3)]);
    assert_eq!(text(&path), format!("{FOREIGN}\n{}\n{}", section("dev", 1), section("ro", 3)));
    assert_eq!(mode(&path), 0o640);
    let backup = outcome.backup.unwrap();
    assert_eq!(backup.file_name().unwrap(), "credentials.latchkey-20261124-003100.bak");
    assert_eq!((text(&backup).as_str(), mode(&backup)), (FOREIGN, 0o600));

    let again = it.update(&[keep("dev", 1), keep("ro", 4)], now()).unwrap();
    assert_eq!(again.backup, None, "only before the first change");
    assert_eq!(again.profiles[0], ProfileOutcome::Unchanged(super::credentials(1).fingerprint()));
    assert_eq!(text(&path), format!("{FOREIGN}\n{}\n{}", section("dev", 1), section("ro", 4)));

    let ended = it.update(&[stop("dev"), stop("ro"), stop("absent")], now()).unwrap();
    assert_eq!(ended.profiles, [ProfileOutcome::Removed, ProfileOutcome::Removed, ProfileOutcome::Removed]);
    assert_eq!(text(&path), FOREIGN);
}

#[test]
fn an_unchanged_file_is_not_written() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    let it = file(&path);
    it.update(&[keep("dev", 1)], now()).unwrap();
    let before = fs::metadata(&path).unwrap();
    it.update(&[keep("dev", 1), stop("absent")], now()).unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!(crate::platform::identity(&before), crate::platform::identity(&after));
}

#[test]
fn a_foreign_section_is_replaced_only_by_the_persons_word_and_can_come_back() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    let before = "[default]\n# mine\naws_access_key_id = AKIAOLD\naws_secret_access_key = s\naws_security_token = t\nrole_arn = arn\nregion = eu-west-1\n[z]\na=1\n";
    fs::write(&path, before).unwrap();
    let it = file(&path);
    let agreed = Change::Put(crate::Put {
        consent: Consent::ReplaceWithBackup,
        region: Some("us-east-1".to_owned()),
        ..put("default", 7)
    });
    let outcome = it.update(std::slice::from_ref(&agreed), now()).unwrap();
    let expected = section("default", 7).replace("[default]\n", "[default]\n# mine\n");
    let (keys, tail) = expected.split_once("aws_session_token").unwrap();
    assert_eq!(text(&path), format!("{keys}region = eu-west-1\naws_session_token{tail}[z]\na=1\n"));
    let backup = outcome.backup.unwrap();

    fs::write(&path, text(&path).replace("ASIA", "AKIA")).unwrap();
    assert_eq!(it.read().unwrap().standing("default", None), Standing::ChangedByAnother);
    let again = it.update(&[agreed], now()).unwrap();
    assert_eq!(again.backup.unwrap().file_name().unwrap(), "credentials.latchkey-20261124-003100-2.bak");

    let kept = it.undo(&backup, now()).unwrap().unwrap();
    assert_eq!(text(&path), before);
    assert!(text(&kept).contains("ASIA"), "what undo replaced is kept too");
    let other = home.path().join("other");
    fs::write(&other, "").unwrap();
    assert!(matches!(it.undo(&other, now()), Err(FileError::NotABackup { .. })));
}

#[test]
fn our_region_comes_and_goes_and_anothers_stays() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    let it = file(&path);
    let with =
        |region: Option<&str>| Change::Put(crate::Put { region: region.map(str::to_owned), ..put("dev", 1) });
    it.update(&[with(Some("eu-west-1"))], now()).unwrap();
    assert_eq!(*it.read().unwrap().document.get("dev", "region").unwrap(), "eu-west-1");
    fs::write(&path, text(&path).replace("region = eu-west-1\nx_", "region = ap-east-1\nx_")).unwrap();
    it.update(&[with(Some("us-east-1"))], now()).unwrap();
    assert_eq!(*it.read().unwrap().document.get("dev", "region").unwrap(), "ap-east-1");
    it.update(&[stop("dev")], now()).unwrap();
    assert_eq!(text(&path), "[dev]\nregion = ap-east-1\n");
}

#[test]
fn a_key_changed_by_another_program_stops_us() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    let it = file(&path);
    it.update(&[keep("dev", 1)], now()).unwrap();
    let edited = text(&path).replace("ASIA", "AKIA");
    fs::write(&path, &edited).unwrap();
    let outcome = it.update(&[keep("dev", 2), stop("dev")], now()).unwrap();
    let conflict = ProfileOutcome::Conflict(Standing::ChangedByAnother);
    assert_eq!(outcome.profiles, [conflict.clone(), conflict]);
    assert_eq!(text(&path), edited);
    fs::write(
        &path,
        edited.lines().filter(|line| !line.contains("x_latchkey")).collect::<Vec<_>>().join("\n"),
    )
    .unwrap();
    let last = Some(super::credentials(1).fingerprint());
    assert_eq!(it.read().unwrap().standing("dev", last.as_ref()), Standing::ChangedByAnother);
}

#[test]
fn a_token_that_default_leaks_into_every_profile_is_covered() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    fs::write(&path, "[DEFAULT]\naws_security_token = leaks\n").unwrap();
    let it = file(&path);
    it.update(&[keep("dev", 1)], now()).unwrap();
    let document = it.read().unwrap().document;
    assert_eq!(document.effective("dev", "aws_security_token"), document.get("dev", "aws_session_token"));
}

#[test]
fn a_file_that_cannot_be_parsed_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    let broken = "[a]\nk = 1\n\n[b]\nhunter2\n";
    fs::write(&path, broken).unwrap();
    let error = file(&path).update(&[keep("dev", 1)], now()).unwrap_err();
    assert!(error.to_string().contains("line 5") && !error.to_string().contains("hunter2"), "{error}");
    assert_eq!(text(&path), broken);
    assert_eq!(names(home.path()), [".credentials.latchkey-lock", "credentials"]);
}

#[test]
fn a_file_that_another_program_has_just_truncated_waits() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    fs::write(&path, FOREIGN).unwrap();
    let it = file(&path);
    it.update(&[keep("dev", 1)], now()).unwrap();
    for torn in ["", "# my keys, do not touch\n\n[default]\naws_access_key_id = AK"] {
        fs::write(&path, torn).unwrap();
        let error = it.update(&[keep("dev", 2)], modified(&path) + 1.second()).unwrap_err();
        assert!(matches!(error, FileError::BeingWritten { .. }), "{error}");
        assert_eq!(text(&path), torn);
    }
    fs::write(&path, "").unwrap();
    it.update(&[keep("dev", 2)], modified(&path) + 3.seconds()).unwrap();
    assert_eq!(text(&path), section("dev", 2), "a file that stays empty is empty");
}

/// Writes into the file, as another program would, when a step is reached for the first time.
struct Interferer {
    path: PathBuf,
    at: Step,
    done: AtomicBool,
}

impl Steps for Interferer {
    fn reached(&self, step: Step) {
        if step == self.at && !self.done.swap(true, Ordering::SeqCst) {
            let mut file = OpenOptions::new().append(true).create(true).open(&self.path).unwrap();
            file.write_all(b"[other]\nx = 1\n").unwrap();
        }
    }
}

#[test]
fn what_another_program_writes_meanwhile_is_not_lost() {
    for at in [Step::Locked, Step::Read, Step::BackedUp, Step::TempHalfWritten, Step::TempSynced] {
        for existing in [true, false] {
            if at == Step::BackedUp && !existing {
                continue;
            }
            let home = tempfile::tempdir().unwrap();
            let path = home.path().join("credentials");
            if existing {
                fs::write(&path, FOREIGN).unwrap();
            }
            let steps = Interferer { path: path.clone(), at, done: AtomicBool::new(false) };
            let it = crate::CredentialsFile::with_steps(&path, super::PATIENCE, Arc::new(steps));
            it.update(&[keep("dev", 1)], now()).unwrap();
            let before = if existing { FOREIGN } else { "" };
            let expected = format!("{before}[other]\nx = 1\n\n{}", section("dev", 1));
            assert_eq!(text(&path), expected, "{at:?}, existing: {existing}");
        }
    }
}
