//! Killed in the middle of writing, six hundred times: the old file or the new one, never anything else.

use super::{FOREIGN, child, file, keep, memory, names, now, section, text};
use crate::{Standing, replace::Step};
use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::process::ExitStatusExt,
    process::Stdio,
};

/// What a killed program leaves behind does not disturb the next.
fn check_next(folder: &std::path::Path) {
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

/// Each of the writers reads its ten profiles again and again: an update that one of the killed undid
/// would be missed.
#[test]
fn killed_five_hundred_times_beside_two_writers_that_lose_nothing() {
    let home = memory();
    let path = home.path().join("credentials");
    fs::write(&path, FOREIGN).unwrap();
    let it = file(&path);
    it.update(&[keep("dev", 0)], now()).unwrap();
    let writers: Vec<_> = (0..2)
        .map(|number| {
            child::task(&child::own(), &[], "write 500 times and miss none", &path, number)
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    // The file has its backup already.
    let steps: Vec<usize> = (0..Step::ALL.len())
        .filter(|step| !matches!(Step::ALL[*step], Step::BackupHalfWritten | Step::BackedUp))
        .collect();
    let mut held = 0;
    for n in 1..=500 {
        let step = steps[usize::try_from(n).unwrap() % steps.len()];
        let status = child::task(&child::own(), &[], "die at step", &path, step)
            .env(child::KEY, n.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.signal(), Some(9), "killed at {:?}", Step::ALL[step]);
        if matches!(Step::ALL[step], Step::Renamed | Step::FolderSynced) {
            held = n;
        }
        match it.read().unwrap().standing("dev", None) {
            Standing::Ours { fingerprint, .. } => {
                assert_eq!(fingerprint, super::credentials(held).fingerprint(), "{:?}", Step::ALL[step]);
            }
            other => panic!("{other:?} after {:?}", Step::ALL[step]),
        }
        assert!(text(&path).starts_with(FOREIGN));
    }
    for mut writer in writers {
        assert!(writer.wait().unwrap().success(), "a writer missed what it had written");
    }
    let reading = it.read().unwrap();
    for (writer, n) in [(0, 490..500), (1, 490..500)].into_iter().flat_map(|(w, n)| n.map(move |n| (w, n))) {
        let key = reading.document.get(&format!("w{writer}-{}", n % 10), "aws_access_key_id");
        assert_eq!(key.unwrap().as_str(), format!("ASIA{n:016}"));
    }
}
