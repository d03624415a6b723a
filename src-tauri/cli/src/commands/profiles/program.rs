//! How a config file names this program.

use crate::{args::Session, find::Stop, pick};
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

/// The way to a role that this program assumes, with the credentials of `source`: what it says of itself where
/// it comes from this program too.
///
/// # Errors
/// A word that the config file cannot hold.
pub fn assumed(source: &Source<'_>, arn: &str, session: &Session) -> Result<Way, Stop> {
    let failed = |title: String| Stop::new("failed", &title, "Nothing was written.");
    let Some((account, role)) = role_of(arn) else { return Err(failed(format!("{arn} is not a role"))) };
    let mut words: Vec<String> = match source {
        Source::Ours(_) => Vec::new(),
        Source::Profile(name) => ["credentials", "--profile", name].map(ToOwned::to_owned).into(),
    };
    words.push(format!("--assume={arn}"));
    let Session { session_name, external_id, duration, tag, transitive_tag } = session;
    words.extend(session_name.iter().map(|name| format!("--session-name={name}")));
    words.extend(external_id.iter().map(|id| format!("--external-id={id}")));
    words.extend(duration.iter().map(|seconds| format!("--duration={seconds}")));
    words.extend(tag.iter().map(|(key, value)| format!("--tag={key}={value}")));
    words.extend(transitive_tag.iter().map(|key| format!("--transitive-tag={key}")));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let refused = |error: Refused| failed(error.to_string());
    let command = match source {
        Source::Profile(_) => profiles::command_line(&program(), &words).map_err(refused)?,
        Source::Ours(line) => {
            // The first word stands for a program, and is quoted as the others are.
            let (first, rest) = words.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
            let more = profiles::command_line(Path::new(first), rest).map_err(refused)?;
            format!("{line} {more}")
        }
    };
    Ok(Way::Process { command, account: account.to_owned(), role: role.to_owned() })
}

/// Whose credentials assume a role.
pub enum Source<'a> {
    /// A profile that this program brings the credentials of, by this line.
    Ours(&'a str),
    /// Another profile.
    Profile(&'a str),
}

/// Account and name of `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME` (IAM User Guide, "IAM identifiers").
pub fn role_of(arn: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, what] = parts.as_slice() else { return None };
    let name = what.strip_prefix("role/")?.rsplit('/').next()?;
    (partition.starts_with("aws") && profiles::is_role(account, name)).then_some((account, name))
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
