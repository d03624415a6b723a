//! As another user, on a read-only file system, on a full one. These need root.

use super::{FOREIGN, child, file, keep, now, text};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
};

pub(super) const NOBODY: [&str; 6] =
    ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--"];

/// A folder that everybody can enter.
pub(super) fn open_folder() -> tempfile::TempDir {
    assert!(
        rustix::process::geteuid().is_root(),
        "this test acts as another user and mounts file systems: run `make test` as root or with sudo"
    );
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    folder
}

fn write(path: &Path, mode: u32) {
    fs::write(path, FOREIGN).unwrap();
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn another_users_file_is_refused_with_a_reason() {
    let home = open_folder();
    let program = child::copy(home.path());
    let path = home.path().join("credentials");
    write(&path, 0o600);
    child::run(child::task(&program, &NOBODY, "read: not allowed", &path, 0));
    write(&path, 0o644);
    child::run(child::task(&program, &NOBODY, "update: not allowed", &path, 0));
}

#[test]
fn a_file_is_not_taken_from_its_owner() {
    let home = open_folder();
    let program = child::copy(home.path());
    let shared = home.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, PermissionsExt::from_mode(0o777)).unwrap();
    let path = shared.join("credentials");
    write(&path, 0o644);
    child::run(child::task(&program, &NOBODY, "update: owner would change", &path, 0));
    assert_eq!(fs::metadata(&path).unwrap().uid(), 0);
}

#[test]
fn root_leaves_a_file_to_its_owner() {
    let home = open_folder();
    let path = home.path().join("credentials");
    write(&path, 0o640);
    chown(&path, Some(65534), Some(65534)).unwrap();
    file(&path).update(&[keep("dev", 1)], now()).unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!((after.uid(), after.gid(), after.mode() & 0o7777), (65534, 65534, 0o640));
    assert!(text(&path).contains("[dev]"));
}

#[test]
fn a_read_only_file_system_is_named() {
    let home = open_folder();
    let folder = home.path().join("ro");
    fs::create_dir(&folder).unwrap();
    let path = folder.join("credentials");
    write(&path, 0o600);
    let at = folder.to_str().unwrap();
    let script = format!("mount --bind {at} {at} && mount -o remount,ro,bind {at} && exec \"$@\"");
    let wrapper = ["unshare", "-m", "sh", "-c", &script, "sh"];
    child::run(child::task(&child::own(), &wrapper, "update: read-only", &path, 0));
}

/// With room for nothing, for the backup's half, for the backup, and for the backup and the new file's half.
#[test]
fn a_full_disk_loses_nothing() {
    let home = open_folder();
    let folder = home.path().join("small");
    fs::create_dir(&folder).unwrap();
    let at = folder.to_str().unwrap();
    let script = format!("mount -t tmpfs -o size=64k tmpfs {at} && exec \"$@\"");
    let wrapper = ["unshare", "-m", "sh", "-c", &script, "sh"];
    for room in [0, 4096, 16 * 1024, 20 * 1024] {
        let path = folder.join("credentials");
        child::run(child::task(&child::own(), &wrapper, "update: disk full", &path, room));
    }
}
