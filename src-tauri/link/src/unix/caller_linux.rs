//! Which program asks, for the record: "which program used production today".
//!
//! The kernel names the process at the other end; that process is `latch`, and what asked is whoever
//! started it. Told for people to read, and never a reason to allow anything before a person did: a program can call itself
//! what it likes.

use std::{fs, path::Path};

/// So far up the tree shells in between are skipped.
const STEPS: usize = 4;

/// The program behind a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Its name, such as `terraform`; `None` where the system does not tell.
    pub program: Option<String>,
    /// Its process id; 0 where the system does not tell.
    pub pid: u32,
    /// Where its file is; `None` where the system does not tell.
    pub path: Option<String>,
}

impl Caller {
    /// Who started the process of that id.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        Self::within(Path::new("/proc"), pid)
    }

    fn within(proc: &Path, pid: u32) -> Self {
        let mut now = parent(proc, pid);
        for _ in 0..STEPS {
            let Some(pid) = now else { break };
            let Some(program) = name(proc, pid) else { break };
            // `credential_process` goes through `sh -c` in several SDKs.
            if !(is_shell(&program) && runs_one_command(proc, pid)) {
                return Self { program: Some(program), pid, path: path(proc, pid) };
            }
            now = parent(proc, pid);
        }
        Self { program: name(proc, pid), pid, path: path(proc, pid) }
    }
}

fn is_shell(program: &str) -> bool {
    matches!(program, "sh" | "dash" | "bash" | "zsh" | "fish" | "busybox")
}

fn runs_one_command(proc: &Path, pid: u32) -> bool {
    let line = fs::read(proc.join(pid.to_string()).join("cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).any(|word| word == b"-c")
}

fn name(proc: &Path, pid: u32) -> Option<String> {
    let name = fs::read_to_string(proc.join(pid.to_string()).join("comm")).ok()?;
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(64).collect();
    (!name.is_empty()).then_some(name)
}

/// The file that runs. A name that cannot be shown as text is left out.
fn path(proc: &Path, pid: u32) -> Option<String> {
    let path = fs::read_link(proc.join(pid.to_string()).join("exe")).ok()?;
    let path: String = path.to_str()?.chars().filter(|c| !c.is_control()).take(512).collect();
    (!path.is_empty()).then_some(path)
}

/// The fourth field of `stat`, behind the name in brackets, which may hold anything.
fn parent(proc: &Path, pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(proc.join(pid.to_string()).join("stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let parent = rest.split_whitespace().nth(1)?.parse().ok()?;
    (parent != 0).then_some(parent)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn shells_in_between_are_skipped() {
        let proc = tempfile::tempdir().unwrap();
        let process = |pid: u32, parent: u32, comm: &str, line: &str| {
            let at = proc.path().join(pid.to_string());
            fs::create_dir(&at).unwrap();
            fs::write(at.join("stat"), format!("{pid} ({comm}) S {parent} 1 1")).unwrap();
            fs::write(at.join("comm"), format!("{comm}\n")).unwrap();
            fs::write(at.join("cmdline"), line.replace(' ', "\0")).unwrap();
        };
        process(10, 1, "terra) form", "terraform plan");
        process(11, 10, "sh", "sh -c latch");
        process(12, 11, "latch", "latch credentials");
        process(20, 1, "bash", "-bash");
        process(21, 20, "latch", "latch env");
        process(30, 1, "latch", "latch");
        let caller = |pid| Caller::within(proc.path(), pid);
        let expect = |program: Option<&str>, pid, path: Option<&str>| Caller {
            program: program.map(str::to_owned),
            pid,
            path: path.map(str::to_owned),
        };
        std::os::unix::fs::symlink("/usr/bin/terraform", proc.path().join("10/exe")).unwrap();
        assert_eq!(caller(12), expect(Some("terra) form"), 10, Some("/usr/bin/terraform")));
        assert_eq!(caller(21), expect(Some("bash"), 20, None));
        assert_eq!(caller(30), expect(Some("latch"), 30, None));
        assert_eq!(caller(99), expect(None, 99, None));
    }
}
