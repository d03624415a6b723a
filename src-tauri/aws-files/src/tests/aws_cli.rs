//! Beside `aws configure set`, which takes no lock and writes in place.

use super::{FOREIGN, file, keep, memory, modified, section, text};
use crate::{
    CredentialsFile, FileError,
    replace::{Step, Steps},
};
use jiff::{Timestamp, ToSpan};
use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// How often it runs; each takes about a second.
const RUNS: u32 = 4;

/// The keys of other profiles that a reading of the file holds.
pub(super) fn theirs(path: &Path) -> BTreeSet<String> {
    let Ok(reading) = file(path).read() else { return BTreeSet::new() };
    let document = reading.document;
    document
        .sections()
        .filter(|name| name.starts_with("theirs-"))
        .filter_map(|name| document.get(&name, "aws_access_key_id").map(|key| format!("{name} {}", *key)))
        .collect()
}

/// Lets `aws configure set` give the profile `theirs-N` of a credentials file a key.
pub(super) fn set(path: &Path, n: u32) {
    let config = path.with_file_name("config");
    let status = Command::new("/usr/bin/aws")
        .args(["configure", "set", "aws_access_key_id", &format!("AKIATHEIRS{n}")])
        .args(["--profile", &format!("theirs-{n}")])
        .envs([("AWS_SHARED_CREDENTIALS_FILE", path), ("AWS_CONFIG_FILE", &config)])
        .status()
        .expect("this test runs /usr/bin/aws: install Debian's awscli");
    assert!(status.success());
}

#[test]
fn ours_comes_back_and_theirs_stays() {
    let home = memory();
    let path = home.path().join("credentials");
    fs::write(&path, FOREIGN).unwrap();
    let it = file(&path);
    it.update(&[keep("dev", 0)], modified(&path) + 3.seconds()).unwrap();
    let others = thread::spawn({
        let path = path.clone();
        move || (0..RUNS).for_each(|n| set(&path, n))
    });
    let (mut n, mut written) = (0, 0);
    let mut seen = BTreeSet::new();
    while !others.is_finished() {
        n += 1;
        seen.extend(theirs(&path));
        #[expect(clippy::disallowed_methods, reason = "beside a real program the real time counts")]
        let now = Timestamp::now();
        match it.update(&[keep("dev", n)], now) {
            Ok(_) => written += 1,
            Err(FileError::BeingWritten { .. } | FileError::Unparseable { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    others.join().unwrap();
    seen.extend(theirs(&path));
    // One tick after it stopped.
    it.update(&[keep("dev", n + 1)], modified(&path) + 3.seconds()).unwrap();
    let after = text(&path);
    assert!(after.starts_with(FOREIGN), "{after}");
    assert!(after.contains(&section("dev", n + 1)), "{after}");
    assert_eq!(after.matches("x_latchkey = ").count(), 1, "{after}");
    assert!(seen.is_subset(&theirs(&path)), "{seen:?} was read: {after}");
    assert!(written > 20 && !seen.is_empty(), "{written} written, {seen:?} seen: not much of a test");
}

/// Truncates the file in place when a step is reached first, as a program does that is about to write it.
struct Truncates {
    path: PathBuf,
    at: Step,
    to: u64,
    armed: AtomicBool,
}

impl Steps for Truncates {
    fn reached(&self, step: Step) {
        if step == self.at && self.armed.swap(false, Ordering::SeqCst) {
            OpenOptions::new().write(true).open(&self.path).unwrap().set_len(self.to).unwrap();
        }
    }
}

#[test]
fn what_is_cut_short_at_any_step_is_not_rewritten() {
    for at in [Step::Locked, Step::Read, Step::TempCreated, Step::TempHalfWritten, Step::TempSynced] {
        for to in [0, 40] {
            let home = memory();
            let path = home.path().join("credentials");
            fs::write(&path, FOREIGN).unwrap();
            let steps = Arc::new(Truncates { path: path.clone(), at, to, armed: AtomicBool::new(false) });
            let it = CredentialsFile::with_steps(&path, super::PATIENCE, steps.clone());
            it.update(&[keep("dev", 1)], modified(&path)).unwrap();
            let whole = text(&path);
            steps.armed.store(true, Ordering::SeqCst);
            let error = it.update(&[keep("dev", 2)], modified(&path)).unwrap_err();
            assert!(
                matches!(error, FileError::BeingWritten { .. } | FileError::Unparseable { .. }),
                "{error} at {at:?}"
            );
            assert_eq!(text(&path), whole[..usize::try_from(to).unwrap()], "cut at {at:?}");
            // The other program writes what it had read, before ours came.
            fs::write(&path, FOREIGN).unwrap();
            it.update(&[keep("dev", 2)], modified(&path) + 3.seconds()).unwrap();
            assert_eq!(text(&path), format!("{FOREIGN}\n{}", section("dev", 2)), "one tick after");
        }
    }
}

/// Does something to a file when a step is reached.
struct At(Step, PathBuf, fn(&Path));

impl Steps for At {
    fn reached(&self, step: Step) {
        if step == self.0 {
            self.2(&self.1);
        }
    }
}

#[test]
fn what_does_not_read_back_as_written_never_takes_the_files_place() {
    let home = memory();
    let path = home.path().join("credentials");
    fs::write(&path, FOREIGN).unwrap();
    let temp = home.path().join(".credentials.latchkey-tmp");
    let flip = |temp: &Path| {
        let mut bytes = fs::read(temp).unwrap();
        bytes[7] ^= 1;
        fs::write(temp, bytes).unwrap();
    };
    let it = CredentialsFile::with_steps(&path, super::PATIENCE, Arc::new(At(Step::TempSynced, temp, flip)));
    let error = it.update(&[keep("dev", 1)], modified(&path) + 3.seconds()).unwrap_err();
    assert!(matches!(error, FileError::NotAsWritten { .. }), "{error}");
    assert_eq!(text(&path), FOREIGN);
}

#[test]
fn another_programs_write_right_after_ours_is_no_failing_disk() {
    for step in [Step::Renamed, Step::FolderSynced] {
        let home = memory();
        let path = home.path().join("credentials");
        fs::write(&path, FOREIGN).unwrap();
        // In place, into the very file that was just renamed, as `aws configure set` does.
        let theirs = |path: &Path| fs::write(path, FOREIGN).unwrap();
        let it =
            CredentialsFile::with_steps(&path, super::PATIENCE, Arc::new(At(step, path.clone(), theirs)));
        it.update(&[keep("dev", 1)], modified(&path) + 3.seconds()).unwrap();
        assert_eq!(text(&path), FOREIGN, "theirs stays as it is");
        let it = file(&path);
        it.update(&[keep("dev", 2)], modified(&path) + 3.seconds()).unwrap();
        assert_eq!(text(&path), format!("{FOREIGN}\n{}", section("dev", 2)), "ours comes back");
    }
}
