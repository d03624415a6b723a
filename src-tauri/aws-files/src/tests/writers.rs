//! Several writers of ours at once lose nothing.

use super::{FOREIGN, child, file, keep, now, text};
use crate::Standing;
use std::{fs, process::Stdio, thread};

#[test]
fn processes_at_once_lose_nothing() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    fs::write(&path, FOREIGN).unwrap();
    let children: Vec<_> = (0..4)
        .map(|number| {
            child::task(&child::own(), &[], "write 20 times", &path, number)
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert!(text(&path).starts_with(FOREIGN));
    let reading = file(&path).read().unwrap();
    for number in 0..4 {
        match reading.standing(&format!("p{number}"), None) {
            Standing::Ours { fingerprint, .. } => {
                assert_eq!(fingerprint, super::credentials(20).fingerprint());
            }
            other => panic!("p{number}: {other:?}"),
        }
    }
}

#[test]
fn a_reader_never_sees_half_a_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    fs::write(&path, FOREIGN).unwrap();
    let it = file(&path);
    it.update(&[keep("dev", 1)], now()).unwrap();
    let writer = thread::spawn(move || {
        for n in 2..100 {
            it.update(&[keep("dev", n)], now()).unwrap();
        }
    });
    while !writer.is_finished() {
        let seen = text(&path);
        assert!(seen.starts_with(FOREIGN) && seen.matches("x_latchkey = ").count() == 1, "{seen}");
    }
    writer.join().unwrap();
}
