//! How a config file names this program.

use crate::{find::Stop, pick};
use adapters::profiles::{self, Refused, Way};
use std::{
    env,
    path::{Path, PathBuf},
};

/// The way by this program; `org` where several organisations have such a role.
///
/// # Errors
/// Account and role are none that AWS could have, or the program's path cannot be quoted.
pub fn way(account: &str, role: &str, org: Option<&str>) -> Result<Way, Stop> {
    if !profiles::is_role(account, role) {
        let title =
            format!("{} is not a role that AWS could have", pick::plain(&format!("{account}/{role}")));
        return Err(Stop::new("failed", &title, "Nothing was written. Tell whoever runs that organisation."));
    }
    let command = line(&program(), account, role, org)
        .map_err(|error| Stop::new("failed", &error.to_string(), "Nothing was written."))?;
    Ok(Way::Process { command, account: account.to_owned(), role: role.to_owned() })
}

/// The line of `credential_process`: SDKs give it to a shell.
fn line(program: &Path, account: &str, role: &str, org: Option<&str>) -> Result<String, Refused> {
    let role = format!("{account}/{role}");
    let mut arguments = vec!["credentials"];
    arguments.extend(org.into_iter().flat_map(|org| ["--organisation", org]));
    arguments.extend(["--role", &role]);
    profiles::command_line(program, &arguments)
}

/// `latch`, where the shell finds this very program by that name; else its path, for whoever starts it.
fn program() -> PathBuf {
    let Ok(us) = env::current_exe() else { return "latch".into() };
    let found = on_path().and_then(|path| path.canonicalize().ok());
    if found.is_some_and(|found| us.canonicalize().is_ok_and(|us| us == found)) { "latch".into() } else { us }
}

/// The first `latch` of the search path.
pub fn on_path() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let name = if cfg!(windows) { "latch.exe" } else { "latch" };
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use std::process::Command;

    /// What a shell makes of the line, word for word.
    #[test]
    #[cfg(unix)]
    fn a_shell_runs_nothing_of_it() {
        let program = Path::new("/my $(tools)/`latch`");
        for (role, org) in
            [("Dev", Some("org-1")), ("$(echo x)`echo y`", None), ("a\"b'c $HOME & x | y", Some("$(echo z)"))]
        {
            let line = line(program, "111122223333", role, org).unwrap();
            let said = Command::new("sh").args(["-c", &format!("printf '%s\\n' {line}")]).output().unwrap();
            let org = org.map(|org| format!("--organisation\n{org}\n")).unwrap_or_default();
            let expect = format!("{}\ncredentials\n{org}--role\n111122223333/{role}\n", program.display());
            assert_eq!(String::from_utf8(said.stdout).unwrap(), expect, "{line}");
        }
    }

    #[test]
    fn a_trap_is_no_role() {
        assert!(way("111122223333", "$(id)", None).is_err() && way("1", "Dev", None).is_err());
        let Way::Process { command, .. } = way("111122223333", "Dev", Some("org-1")).unwrap() else {
            panic!()
        };
        assert!(command.ends_with(" credentials --organisation org-1 --role 111122223333/Dev"), "{command}");
    }
}
