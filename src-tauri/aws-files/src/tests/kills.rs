//! Killed in the middle of writing, seven hundred times: the old file or the new one, never anything else.

use super::{FOREIGN, child, file, keep, memory, names, now, section, text};
use crate::{Change, CredentialsFile, FileError, Outcome, Standing, replace::Step};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::BTreeSet,
    fs,
    io::{self, BufRead, BufReader, Lines, Write},
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, ChildStdout, Stdio},
    thread,
};

/// What a killed program leaves behind does not disturb the next.
fn check_next(folder: &Path) {
    let path = folder.join("credentials");
    file(&path).update(&[keep("dev", 900_000)], now()).unwrap();
    assert_eq!(text(&path), format!("{FOREIGN}\n{}", section("dev", 900_000)));
    let left: Vec<String> = names(folder).into_iter().filter(|name| name.ends_with("-tmp")).collect();
    assert!(left.iter().all(|name| name.ends_with("bak-tmp")), "{left:?}");
    let backup = file(&path).newest_backup().unwrap();
    assert!(backup.is_none_or(|backup| text(&backup).starts_with(FOREIGN)), "a backup is whole");
}

#[test]
fn killed_at_every_step_of_every_kind_of_update() {
    for seed in 0..55 {
        let step = Step::ALL[seed % Step::ALL.len()];
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("credentials");
        // The first change makes a backup; a later one only does when there is none.
        let managed = seed % 2 == 1 && !matches!(step, Step::BackupHalfWritten | Step::BackedUp);
        let old = if managed { format!("{FOREIGN}\n{}", section("dev", 1)) } else { FOREIGN.to_owned() };
        fs::write(&path, &old).unwrap();
        let status = child::task(&child::own(), &[], "die at step", &path, seed % Step::ALL.len())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.signal(), Some(9), "killed at {step:?}");
        let new = format!("{FOREIGN}\n{}", section("dev", 2));
        let expected = if matches!(step, Step::Renamed | Step::FolderSynced) { new } else { old };
        assert_eq!(text(&path), expected, "killed at {step:?}");
        check_next(home.path());
    }
}

#[test]
fn killed_at_any_moment() {
    for seed in 0..45 {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("credentials");
        fs::write(&path, FOREIGN).unwrap();
        let mut child = child::task(&child::own(), &[], "write until killed", &path, 0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let reached = format!("written {}", 1 + seed % 9);
        assert!(said.any(|line| line.unwrap().ends_with(&reached)), "the child writes");
        child.kill().unwrap();
        child.wait().unwrap();
        let after = text(&path);
        let n = (1..10_000).find(|n| after == format!("{FOREIGN}\n{}", section("dev", *n)));
        assert!(n.is_some(), "neither old nor new: {after}");
        check_next(home.path());
    }
}

/// How often a process is killed while it writes; each of two others writes as often meanwhile.
const KILLS: usize = 500;
/// How often besides, while `aws configure set` runs.
const BESIDE_AWS: usize = 100;
/// A file that another program is about to write is left alone for a moment, and for no longer than this.
const GIVES_WAY: SignedDuration = SignedDuration::from_secs(30);
/// How often that runs; each time takes about a second.
const AWS_RUNS: u32 = 3;

/// For what another program does in its own time.
#[expect(clippy::disallowed_methods, reason = "beside a real program the real time counts")]
pub(super) fn real_now() -> Timestamp {
    Timestamp::now()
}

/// Whether the file was left alone since `aws`, which truncates it and writes it in place, is about to write.
pub(super) fn given_way(result: Result<Outcome, FileError>) -> bool {
    match result {
        Ok(_) => false,
        Err(FileError::BeingWritten { .. } | FileError::Unparseable { .. }) => true,
        Err(other) => panic!("{other}"),
    }
}

/// Updates, once nobody is about to write.
fn update_in_turn(it: &CredentialsFile, changes: &[Change]) {
    let until = real_now() + GIVES_WAY;
    while given_way(it.update(changes, real_now())) {
        assert!(real_now() < until, "the file is left alone for good");
    }
}

/// Updates the next of its ten profiles for each line on its input, and says so. An update that one of the
/// killed undid is missed when its turn comes; what `aws` undid, which takes no lock, is written again.
pub(super) fn write_at_each_line(path: &Path, number: usize) {
    let it = file(path);
    let own = |n: u32| format!("w{number}-{}", n % 10);
    for (n, line) in (0..).zip(io::stdin().lines()) {
        match line.unwrap().as_str() {
            "alone" => {
                it.update(&[keep(&own(n), n)], now()).unwrap();
                // The oldest of the ten profiles, which is written next, is still as it was written.
                if let Some(oldest) = (n + 1).checked_sub(10) {
                    let key = it.read().unwrap().document.get(&own(oldest), "aws_access_key_id");
                    assert_eq!(key.unwrap().as_str(), format!("ASIA{oldest:016}"), "lost after {n}");
                }
            }
            "beside aws" => update_in_turn(&it, &[keep(&own(n), n)]),
            // One tick after it.
            "aws is done" => {
                update_in_turn(&it, &(n - 10..n).map(|n| keep(&own(n), n)).collect::<Vec<_>>());
            }
            other => panic!("{other}"),
        }
        println!("{WRITTEN}");
        io::stdout().flush().unwrap();
    }
}

const WRITTEN: &str = "written";

/// One that writes when it is told to.
struct Writer {
    child: Child,
    says: Lines<BufReader<ChildStdout>>,
    told: u32,
}

impl Writer {
    fn start(path: &Path, number: usize) -> Self {
        let mut command = child::task(&child::own(), &[], "write at each line", path, number);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let says = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, says, told: 0 }
    }

    fn tell(&mut self, how: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{how}").unwrap();
        self.told += 1;
    }

    fn has_written(&mut self) {
        let written = self.says.any(|line| line.unwrap().ends_with(WRITTEN));
        assert!(written, "a writer missed what it had written, or could not write");
    }

    /// Returns how often it wrote.
    fn end(mut self) -> u32 {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
        self.told
    }
}

/// How often each of the two writes without `aws`.
const TURNS: u32 = 500;

/// The last ten of so many writes of each of the two are in the file.
fn stand(file: &str, told: u32) {
    for (writer, n) in [0, 1].into_iter().flat_map(|writer| (told - 10..told).map(move |n| (writer, n))) {
        assert!(file.contains(&section(&format!("w{writer}-{}", n % 10), n)), "{writer} lost {n}: {file}");
    }
}

/// In each round one process is killed in the middle of writing, at each step in turn, and two write that are
/// told to when it has begun: the three meet at the file by construction. Nothing of the two is lost. In further
/// rounds `aws configure set` runs besides.
#[test]
fn killed_five_hundred_times_beside_two_writers_that_lose_nothing_and_the_aws_cli() {
    let home = memory();
    let path = home.path().join("credentials");
    fs::write(&path, FOREIGN).unwrap();
    let it = file(&path);
    it.update(&[keep("dev", 0)], now()).unwrap();
    let mut writers: Vec<_> = (0..2).map(|number| Writer::start(&path, number)).collect();
    // The file has its backup already.
    let steps: Vec<usize> = (0..Step::ALL.len())
        .filter(|step| !matches!(Step::ALL[*step], Step::BackupHalfWritten | Step::BackedUp))
        .collect();
    let (mut held, mut killed, mut aws, mut seen) = (0, 0, None, BTreeSet::new());
    for (n, step) in (1..).zip(steps.iter().cycle()) {
        if killed == KILLS + BESIDE_AWS {
            break;
        }
        if killed == KILLS && aws.is_none() {
            // Each writer has looked at what it wrote ten turns before: of each, the last ten are left to look at.
            assert!(writers.iter().all(|writer| writer.told == TURNS), "each wrote in each round");
            stand(&text(&path), TURNS);
            aws = Some(thread::spawn({
                let path = path.clone();
                move || (0..AWS_RUNS).for_each(|n| super::aws_cli::set(&path, n))
            }));
        }
        let mut dying = child::task(&child::own(), &[], "die at step", &path, *step);
        dying.env(child::KEY, n.to_string()).stdout(Stdio::piped()).stderr(Stdio::null());
        if aws.is_some() {
            dying.env(child::BESIDE_AWS, "1");
        }
        let mut dying = dying.spawn().unwrap();
        let mut says = BufReader::new(dying.stdout.take().unwrap()).lines();
        assert!(says.any(|line| line.unwrap().ends_with(child::BEGINS)), "it begins");
        writers.iter_mut().for_each(|writer| writer.tell(if aws.is_some() { "beside aws" } else { "alone" }));
        writers.iter_mut().for_each(Writer::has_written);
        let status = dying.wait().unwrap();
        if aws.is_some() {
            seen.extend(super::aws_cli::theirs(&path));
            killed += usize::from(status.signal() == Some(9));
            assert!(status.signal() == Some(9) || status.success(), "{status} at {:?}", Step::ALL[*step]);
            continue;
        }
        killed += 1;
        assert_eq!(status.signal(), Some(9), "killed at {:?}", Step::ALL[*step]);
        if matches!(Step::ALL[*step], Step::Renamed | Step::FolderSynced) {
            held = n;
        }
        match it.read().unwrap().standing("dev", None) {
            Standing::Ours { fingerprint, .. } => {
                assert_eq!(fingerprint, super::credentials(held).fingerprint(), "{:?}", Step::ALL[*step]);
            }
            other => panic!("{other:?} after {:?}", Step::ALL[*step]),
        }
        assert!(text(&path).starts_with(FOREIGN));
    }
    aws.unwrap().join().unwrap();
    seen.extend(super::aws_cli::theirs(&path));
    let last = writers[0].told;
    writers.iter_mut().for_each(|writer| writer.tell("aws is done"));
    writers.iter_mut().for_each(Writer::has_written);
    update_in_turn(&it, &[keep("dev", 900_000)]);

    let after = text(&path);
    assert!(after.starts_with(FOREIGN), "{after}");
    assert!(after.contains(&section("dev", 900_000)), "{after}");
    stand(&after, last);
    assert_eq!(after.matches("x_latchkey = ").count(), 21, "{after}");
    assert!(!seen.is_empty() && seen.is_subset(&super::aws_cli::theirs(&path)), "{seen:?} was read: {after}");
    let written: u32 = writers.into_iter().map(Writer::end).sum();
    assert!(written >= 2 * TURNS, "{written}");
}
