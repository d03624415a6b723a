//! Folders, paths, and the lock.

use super::{PATIENCE, child};
use crate::{EngineLock, LinkError, SocketPath};
use std::{
    env, fs,
    io::{BufRead, BufReader},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn the_runtime_folder_is_used_when_it_is_private() {
    let runtime = tempfile::tempdir().unwrap();
    let state = Path::new("/home/a/state");
    let chosen = |runtime: Option<&Path>| SocketPath::choose(runtime, state).unwrap();
    chmod(runtime.path(), 0o700);
    assert_eq!(chosen(Some(runtime.path())).as_path(), runtime.path().join("latchkey/engine.sock"));
    chmod(runtime.path(), 0o755);
    for other in [Some(runtime.path()), Some(Path::new("relative")), Some(Path::new("/absent")), None] {
        assert_eq!(chosen(other).as_path(), state.join("engine.sock"), "{other:?}");
    }
}

#[test]
fn a_path_that_fits_no_socket_is_named() {
    let long = Path::new("/").join("x".repeat(100));
    match SocketPath::choose(None, &long) {
        Err(LinkError::PathTooLong { length: 113, limit: 107, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_lock_is_held_once_and_given_up_by_drop() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("a/state");
    let lock = EngineLock::acquire(&state).unwrap().unwrap();
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(EngineLock::acquire(&state).unwrap().is_none());
    assert_eq!(EngineLock::last_holder(&state), Some(std::process::id()));
    let late = EngineLock::acquire_within(&state, Duration::from_millis(50));
    assert!(matches!(late, Err(LinkError::TimedOut { .. })));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| EngineLock::acquire_within(&state, PATIENCE).unwrap());
        drop(lock);
        assert_eq!(waiting.join().unwrap().path(), state.join("engine.lock"));
    });
}

#[test]
fn a_killed_engine_holds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    chmod(folder.path(), 0o700);
    let own = Command::new(env::current_exe().unwrap());
    let mut child = child::task(own, "hold the lock", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().ends_with("held")));
    assert!(EngineLock::acquire(folder.path()).unwrap().is_none());
    assert_eq!(EngineLock::last_holder(folder.path()), Some(child.id()));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(EngineLock::acquire(folder.path()).unwrap().is_some());
}

#[test]
fn folders_that_others_can_use_hold_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    chmod(folder.path(), 0o755);
    assert!(matches!(EngineLock::acquire(folder.path()), Err(LinkError::NotPrivate { .. })));
    chmod(folder.path(), 0o700);
    symlink("/etc/passwd", folder.path().join("engine.lock")).unwrap();
    assert!(matches!(EngineLock::acquire(folder.path()), Err(LinkError::Io { .. })), "no link is followed");
}
