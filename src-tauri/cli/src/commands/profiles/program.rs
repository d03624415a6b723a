//! How a config file names this program.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The line of `credential_process` for a role; `org` where several organisations have such a one.
pub fn line(account: &str, role: &str, org: Option<&str>) -> String {
    let of = org.map(|org| format!("--organisation {org} ")).unwrap_or_default();
    format!("{} credentials {of}--role {account}/{role}", word())
}

/// `latch`, where the shell finds this very program by that name; else its path, for whoever starts it.
fn word() -> String {
    let Ok(us) = env::current_exe() else { return "latch".to_owned() };
    let found = on_path().and_then(|path| path.canonicalize().ok());
    if found.is_some_and(|found| us.canonicalize().is_ok_and(|us| us == found)) {
        return "latch".to_owned();
    }
    quoted(&us)
}

/// The first `latch` of the search path.
pub fn on_path() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let name = if cfg!(windows) { "latch.exe" } else { "latch" };
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// As one word by the rules of the shell, which AWS's tools split by.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+@".contains(c);
    if text.chars().all(plain) {
        return text;
    }
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word() {
        assert_eq!(quoted(Path::new("/usr/bin/latch")), "/usr/bin/latch");
        assert_eq!(quoted(Path::new("/my tools/\"latch\"")), r#""/my tools/\"latch\"""#);
        assert!(line("1", "Dev", Some("org-1")).ends_with(" credentials --organisation org-1 --role 1/Dev"));
    }
}
