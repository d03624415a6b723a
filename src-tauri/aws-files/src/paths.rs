//! Where the two files are, as botocore finds them.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

/// The two files that AWS tools share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// `~/.aws/credentials`, or where `AWS_SHARED_CREDENTIALS_FILE` points.
    pub credentials: PathBuf,
    /// `~/.aws/config`, or where `AWS_CONFIG_FILE` points.
    pub config: PathBuf,
}

impl Paths {
    /// The paths by the environment. `$NAME`, `${NAME}` and a leading `~` are expanded as botocore does
    /// (`os.path.expandvars`, then `expanduser`); an unknown variable stays as it is written, and so does
    /// `~name`. An empty variable counts as unset.
    #[must_use]
    pub fn from_env(env: &dyn Fn(&str) -> Option<OsString>, home: &Path) -> Self {
        let path = |variable: &str, file: &str| match env(variable).filter(|value| !value.is_empty()) {
            Some(value) => expand(&value, env, home),
            None => home.join(".aws").join(file),
        };
        Self {
            credentials: path("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            config: path("AWS_CONFIG_FILE", "config"),
        }
    }
}

fn expand(value: &OsStr, env: &dyn Fn(&str) -> Option<OsString>, home: &Path) -> PathBuf {
    // A path that is not Unicode cannot have come from a shell line with variables in it.
    let Some(text) = value.to_str() else { return PathBuf::from(value) };
    let expanded = expand_variables(text, env);
    match expanded.to_str().and_then(|text| text.strip_prefix('~')) {
        Some("") => home.to_path_buf(),
        Some(rest) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(expanded),
    }
}

fn expand_variables(text: &str, env: &dyn Fn(&str) -> Option<OsString>) -> OsString {
    let mut out = OsString::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, used) = if let Some(braced) = after.strip_prefix('{') {
            match braced.find('}') {
                Some(end) => (&braced[..end], end + 2),
                None => ("", 0),
            }
        } else {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            (&after[..end], end)
        };
        match env(name).filter(|_| !name.is_empty()) {
            Some(value) => out.push(value),
            None => out.push(&rest[at..=at + used]),
        }
        rest = &after[used..];
    }
    out.push(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: &str) {
        let env = |name: &str| match name {
            "AWS_SHARED_CREDENTIALS_FILE" => Some(OsString::from(value)),
            "WHERE" => Some(OsString::from("/srv/w")),
            "TILDE" => Some(OsString::from("~")),
            _ => None,
        };
        assert_eq!(Paths::from_env(&env, Path::new("/home/a")).credentials, Path::new(expected), "{value}");
    }

    #[test]
    fn as_botocore_expands() {
        check("", "/home/a/.aws/credentials");
        check("~/x", "/home/a/x");
        check("~", "/home/a");
        check("~other/x", "~other/x");
        check("$WHERE/x", "/srv/w/x");
        check("a/${WHERE}x", "a//srv/wx");
        check("$TILDE/x", "/home/a/x");
        check("$UNKNOWN/$", "$UNKNOWN/$");
        check("${WHERE", "${WHERE");
        check("$WHERE$WHERE", "/srv/w/srv/w");
        check("/abs", "/abs");
    }
}
