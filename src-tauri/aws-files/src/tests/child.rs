//! The test binary starts itself again as another process: to be killed, or to be another user.

use super::{file, keep, now};
use crate::{
    CredentialsFile, FileError,
    replace::{Step, Steps},
};
use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

const TASK: &str = "AWS_FILES_TEST_CHILD";
const PATH: &str = "AWS_FILES_TEST_PATH";
const NUMBER: &str = "AWS_FILES_TEST_NUMBER";
/// Which credentials the task writes that dies.
pub(super) const KEY: &str = "AWS_FILES_TEST_KEY";

/// Set for a task that dies while `aws` runs: it may find the file half written, and lives then.
pub(super) const BESIDE_AWS: &str = "AWS_FILES_TEST_BESIDE_AWS";
/// What a task that dies says before it begins.
pub(super) const BEGINS: &str = "begins";

/// The arguments that make a copy of this test binary run a task.
pub(super) fn task(program: &str, before: &[&str], task: &str, path: &Path, number: usize) -> Command {
    let mut command = match before {
        [] => Command::new(program),
        [wrapper, rest @ ..] => {
            let mut command = Command::new(wrapper);
            command.args(rest).arg(program);
            command
        }
    };
    command
        .args(["tests::child::entry", "--exact", "--nocapture", "--test-threads=1"])
        .env(TASK, task)
        .env(PATH, path)
        .env(NUMBER, number.to_string());
    command
}

/// This test binary.
pub(super) fn own() -> String {
    env::current_exe().unwrap().into_os_string().into_string().unwrap()
}

/// A copy of this test binary that every user can start; its folder may be under somebody's home.
pub(super) fn copy(folder: &Path) -> String {
    let copy = folder.join("child");
    // By another process: while one of ours held the copy open for writing, a child that a neighbouring test
    // starts just then would hold it too, and it could not be run ("Text file busy").
    let done =
        Command::new("install").args(["-m", "755"]).arg(env::current_exe().unwrap()).arg(&copy).status();
    assert!(done.unwrap().success());
    copy.into_os_string().into_string().unwrap()
}

/// Runs a task to its end; it must say that it is satisfied.
pub(super) fn run(mut command: Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("child is satisfied"),
        "{command:?}: {said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Kills its own process, as `kill -9` does.
struct KillAt(Step);

impl Steps for KillAt {
    fn reached(&self, step: Step) {
        if step == self.0 {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
        }
    }
}

/// Does nothing in the parent's run of all tests.
#[test]
fn entry() {
    let Ok(task) = env::var(TASK) else { return };
    let path = PathBuf::from(env::var_os(PATH).unwrap());
    let number: usize = env::var(NUMBER).unwrap().parse().unwrap();
    match task.as_str() {
        "die at step" => {
            let steps = Arc::new(KillAt(Step::ALL[number]));
            let it = CredentialsFile::with_steps(&path, super::PATIENCE, steps);
            let n: u32 = env::var(KEY).map_or(2, |n| n.parse().unwrap());
            println!("{BEGINS}");
            std::io::stdout().flush().unwrap();
            if env::var_os(BESIDE_AWS).is_none() {
                it.update(&[keep("dev", n)], now()).unwrap();
            } else if super::kills::given_way(it.update(&[keep("dev", n)], super::kills::real_now())) {
                return;
            }
            panic!("{:?} was not reached", Step::ALL[number]);
        }
        "write until killed" => {
            let it = file(&path);
            for n in 1.. {
                it.update(&[keep("dev", n)], now()).unwrap();
                println!("written {n}");
                std::io::stdout().flush().unwrap();
            }
        }
        "write 20 times" => {
            let it = file(&path);
            for n in 1..=20 {
                it.update(&[keep(&format!("p{number}"), n)], now()).unwrap();
            }
        }
        "write at each line" => super::kills::write_at_each_line(&path, number),
        "read: not allowed" => {
            assert!(matches!(file(&path).read(), Err(FileError::NotAllowed { .. })));
        }
        "update: not allowed" => {
            let before = fs::read(&path).unwrap();
            let error = file(&path).update(&[keep("dev", 1)], now()).unwrap_err();
            assert!(matches!(error, FileError::NotAllowed { .. }), "{error}");
            assert_eq!(fs::read(&path).unwrap(), before);
        }
        "update: owner would change" => {
            let before = fs::read(&path).unwrap();
            let error = file(&path).update(&[keep("dev", 1)], now()).unwrap_err();
            assert!(matches!(error, FileError::OwnerWouldChange { .. }), "{error}");
            assert_eq!(fs::read(&path).unwrap(), before);
        }
        "update: read-only" => {
            let before = fs::read(&path).unwrap();
            let error = file(&path).update(&[keep("dev", 1)], now()).unwrap_err();
            assert!(matches!(error, FileError::ReadOnly { .. }), "{error}");
            assert_eq!(fs::read(&path).unwrap(), before);
        }
        "update: disk full" => disk_full(&path, number),
        other => super::reads::task(other, &path),
    }
    println!("child is satisfied");
}

/// Fills a small file system so that `number` bytes are left, and updates a file in it.
fn disk_full(path: &Path, number: usize) {
    let before = format!("[a]\nk = {}\n", "x".repeat(9000));
    fs::write(path, &before).unwrap();
    let mut filler = fs::File::create(path.with_file_name("filler")).unwrap();
    while filler.write_all(&[0; 1024]).is_ok() {}
    let full = filler.metadata().unwrap().len();
    filler.set_len(full - u64::try_from(number).unwrap()).unwrap();
    let error = file(path).update(&[keep("dev", 1)], now()).unwrap_err();
    assert!(matches!(error, FileError::DiskFull { .. }), "{error}");
    assert_eq!(fs::read_to_string(path).unwrap(), before);
    let folder = path.parent().unwrap();
    assert!(!super::names(folder).iter().any(|name| name.ends_with("tmp")), "{:?}", super::names(folder));
}
