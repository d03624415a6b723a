//! Whether another program read the file. File systems keep access times or not as they are mounted, so
//! each task runs on a mount of its own; these need root.

use super::{FOREIGN, child, file, keep, now, text};
use crate::Reads;
use std::{fs, path::Path, process::Command};

/// Runs a task of [`task`] on a file system in memory that is mounted with these options.
fn on_a_mount(options: &str, task: &str) {
    let home = super::strangers::open_folder();
    let folder = home.path().join("mounted");
    fs::create_dir(&folder).unwrap();
    let at = folder.to_str().unwrap();
    let script = format!("mount -t tmpfs -o {options} tmpfs {at} && exec \"$@\"");
    let wrapper = ["unshare", "-m", "sh", "-c", &script, "sh"];
    child::run(child::task(&child::own(), &wrapper, task, &folder.join("credentials"), 0));
}

#[test]
fn a_read_by_another_program_is_seen_and_our_own_are_not() {
    for options in ["relatime", "strictatime"] {
        on_a_mount(options, "reads: told");
    }
}

#[test]
fn without_access_times_nobody_can_tell() {
    on_a_mount("noatime", "reads: not told");
    on_a_mount("relatime", "reads: no longer told");
}

#[test]
fn who_may_not_read_unnoticed_cannot_tell() {
    let home = super::strangers::open_folder();
    let program = child::copy(home.path());
    let path = home.path().join("credentials");
    file(&path).update(&[keep("dev", 1)], now()).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    child::run(child::task(&program, &super::strangers::NOBODY, "reads: of another user", &path, 0));
}

fn remount(path: &Path, options: &str) {
    let mut mount = Command::new("mount");
    mount.arg("-o").arg(format!("remount,{options}")).arg(path.parent().unwrap());
    assert!(mount.status().unwrap().success());
}

/// What the child does.
pub(super) fn task(task: &str, path: &Path) {
    let it = file(path);
    let reads = || it.condition().unwrap().reads;
    let another_reads =
        |path: &Path| assert!(Command::new("cat").arg(path).output().unwrap().status.success());
    match task {
        "reads: told" => {
            it.update(&[keep("dev", 1)], now()).unwrap();
            let written = super::modified(path);
            it.read().unwrap();
            it.update(&[keep("dev", 1)], now()).unwrap();
            assert_eq!(reads(), Reads::NotYet, "only we did");
            another_reads(path);
            let Reads::At(read) = reads() else { panic!("{:?}", reads()) };
            assert!(read >= written, "{read}");
            assert_eq!(super::modified(path), written);
            it.update(&[keep("dev", 2)], now()).unwrap();
            assert_eq!(reads(), Reads::At(read), "of the file before");
            assert_eq!(file(path).condition().unwrap().reads, Reads::NotYet, "of this one");
            fs::write(path, FOREIGN).unwrap();
            assert_eq!(reads(), Reads::Unknown, "another program wrote it");
        }
        "reads: not told" => {
            it.update(&[keep("dev", 1)], now()).unwrap();
            assert_eq!(reads(), Reads::Unknown);
            another_reads(path);
            assert_eq!(reads(), Reads::Unknown);
            remount(path, "strictatime");
            assert_eq!(reads(), Reads::Unknown, "it was read while nobody noted it");
        }
        "reads: no longer told" => {
            it.update(&[keep("dev", 1)], now()).unwrap();
            remount(path, "noatime");
            another_reads(path);
            assert_eq!(reads(), Reads::Unknown);
        }
        "reads: of another user" => {
            assert!(text(path).contains("[dev]"));
            assert_eq!(reads(), Reads::Unknown);
        }
        other => panic!("no task {other}"),
    }
}
