//! The test binary starts itself again: as another user, or to be killed.

use super::{PATIENCE, frame, heard, us};
use crate::{Client, EngineLock, LinkError, SocketPath};
use std::{
    env,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::Command,
};

const TASK: &str = "LINK_TEST_CHILD";
const PATH: &str = "LINK_TEST_PATH";

pub(super) fn need_root() {
    assert!(
        rustix::process::geteuid().is_root(),
        "this test acts as another user: run `make test` as root or with sudo"
    );
}

/// A copy of this test binary that every user can start.
pub(super) fn copy(folder: &Path) -> PathBuf {
    let copy = folder.join("child");
    // By another process: while one of ours held the copy open for writing, a child that a neighbouring test
    // starts just then would hold it too, and it could not be run ("Text file busy").
    let done =
        Command::new("install").args(["-m", "755"]).arg(env::current_exe().unwrap()).arg(&copy).status();
    assert!(done.unwrap().success());
    copy
}

pub(super) fn task(mut command: Command, task: &str, path: &Path) -> Command {
    command
        .args(["tests::child::entry", "--exact", "--nocapture", "--test-threads=1"])
        .env(TASK, task)
        .env(PATH, path);
    command
}

pub(super) fn as_nobody(program: &Path, name: &str, path: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--"]).arg(program);
    task(command, name, path)
}

pub(super) fn run(mut command: Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("child is satisfied"),
        "{command:?}: {said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Does nothing in the parent's run of all tests.
#[test]
fn entry() {
    let Ok(task) = env::var(TASK) else { return };
    let path = PathBuf::from(env::var_os(PATH).unwrap());
    match task.as_str() {
        "hold the lock" => {
            let _lock = EngineLock::acquire(&path).unwrap().unwrap();
            println!("held");
            std::io::stdout().flush().unwrap();
            // Until killed.
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
        }
        "stranger: shut out" => {
            let error = UnixStream::connect(&path).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
        }
        "stranger: hears nothing" => {
            let mut raw = UnixStream::connect(&path).unwrap();
            // The other end may have gone already.
            let _ = raw.write_all(&frame(&serde_json::to_vec(&us()).unwrap()));
            let _ = raw.write_all(&frame(br#"{"ask":"hand_over"}"#));
            assert_eq!(heard(&mut raw), b"");
        }
        "stranger: refuses us" => {
            let path = SocketPath::choose(None, path.parent().unwrap()).unwrap();
            let result = Client::connect(&path, &us(), PATIENCE).map(|_| ());
            assert!(matches!(result, Err(LinkError::Stranger { uid: 0, .. })), "{result:?}");
        }
        other => panic!("no task {other}"),
    }
    println!("child is satisfied");
}
