//! A directory's settings in a file (TOML), for the command line: the names are those of [`Settings`], and what is
//! usual with a flavour need not be said.

use std::{fs, path::Path};

use serde_json::Value;
use toml::Table;

use super::{Flavour, Settings, set_up::PATIENCE};

/// Where the certificates are, in place of `authorities`.
const AUTHORITIES_FILE: &str = "authorities_file";

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("could not read {path}: {cause}")]
    Read {
        /// Which.
        path: String,
        /// Why not.
        cause: std::io::Error,
    },
    /// It is no TOML.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// Something in it is missing, or is what it should not be.
    #[error("{0}")]
    Settings(String),
    /// A name that nothing goes by.
    #[error("there is no setting {0}; latchkey-server identity-source ldap show prints those that are kept")]
    Unknown(String),
    /// What the page would say at its fields.
    #[error("{}", .0.iter().map(|(field, problem)| format!("{field}: {problem}")).collect::<Vec<_>>().join("\n"))]
    Mistakes(Vec<(&'static str, String)>),
}

/// Reads a file.
///
/// # Errors
/// [`FileError`] says what is wrong with it.
pub fn read(path: &Path) -> Result<Settings, FileError> {
    let mut said: Table = toml::from_str(&text(path)?)?;
    if let Some(named) = said.remove(AUTHORITIES_FILE) {
        let named = named.as_str().ok_or_else(|| wrong("authorities_file is not a path"))?;
        let beside = path.parent().unwrap_or(Path::new(""));
        said.insert("authorities".to_owned(), text(&beside.join(named))?.into());
    }
    parse(said)
}

fn text(path: &Path) -> Result<String, FileError> {
    fs::read_to_string(path).map_err(|cause| FileError::Read { path: path.display().to_string(), cause })
}

fn wrong(words: &str) -> FileError {
    FileError::Settings(words.to_owned())
}

fn parse(said: Table) -> Result<Settings, FileError> {
    let flavour = said.get("flavour").cloned();
    let flavour = flavour.ok_or_else(|| wrong("flavour is missing: ActiveDirectory or OpenLdap"))?;
    let flavour: Flavour =
        flavour.try_into().map_err(|_| wrong("flavour is neither ActiveDirectory nor OpenLdap"))?;
    let mut whole = Table::new();
    for (name, usual) in [
        ("authorities", toml::Value::from("")),
        ("group_bases", toml::Value::Array(Vec::new())),
        ("user_filter", flavour.users().into()),
        ("group_filter", flavour.groups().into()),
        ("attributes", toml::Value::Table(Table::new())),
        ("patience", i64::try_from(PATIENCE).unwrap_or(i64::MAX).into()),
    ] {
        whole.insert(name.to_owned(), usual);
    }
    let names: Vec<String> = said.keys().cloned().collect();
    whole.extend(said);
    let settings: Settings =
        whole.try_into().map_err(|error: toml::de::Error| wrong(error.to_string().trim()))?;
    // Whatever settings there are, so that no mistyped name is passed over.
    let known = serde_json::to_value(&settings).unwrap_or_default();
    if let Some(unknown) = names.into_iter().find(|name| known.get(name).is_none_or(Value::is_null)) {
        return Err(FileError::Unknown(unknown));
    }
    let mistakes = settings.mistakes();
    if mistakes.is_empty() { Ok(settings) } else { Err(FileError::Mistakes(mistakes)) }
}

/// The settings as a file says them.
///
/// # Errors
/// What TOML has no words for.
pub fn written(settings: &Settings) -> Result<String, toml::ser::Error> {
    toml::to_string_pretty(&Table::try_from(settings)?)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    const LEAST: &str = "flavour = \"OpenLdap\"\nservers = [\"ldaps://dc1.acme.test\"]\nbind_dn = \"cn=connector\"\n\
                         user_bases = [\"ou=people,dc=acme,dc=test\"]\n";

    fn said(more: &str) -> Result<Settings, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), "PEM").unwrap();
        let path = folder.path().join("ldap.toml");
        fs::write(&path, format!("{LEAST}{more}")).unwrap();
        read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_usual_need_not_be_said_and_what_is_written_is_read_again() {
        let settings = said("").unwrap();
        assert_eq!(settings.user_filter, Flavour::OpenLdap.users());
        assert_eq!((settings.patience, settings.group_bases.len()), (PATIENCE, 0));
        let settings =
            said("authorities_file = \"ca.pem\"\npatience = 9\n[attributes]\ndepartment = \"ou\"\n").unwrap();
        assert_eq!((settings.authorities.as_str(), settings.attribute("department")), ("PEM", "ou"));
        assert_eq!(parse(toml::from_str(&written(&settings).unwrap()).unwrap()).unwrap(), settings);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (more, words) in [
            ("user_fliter = \"(uid=*)\"\n", "no setting user_fliter"),
            ("password = \"x\"\n", "no setting password"),
            ("patience = \"long\"\n", "patience"),
            ("patience = 900\n", "patience: Enter 1 to 60 seconds."),
            ("user_filter = \"(uid=\"\n", "user_filter: That is no LDAP filter"),
            ("authorities_file = \"none.pem\"\n", "none.pem"),
            ("=", "line 5"),
        ] {
            let problem = said(more).unwrap_err();
            assert!(problem.contains(words), "{more}: {problem}");
        }
        assert!(parse(Table::new()).unwrap_err().to_string().contains("flavour is missing"));
        let none = toml::from_str("flavour = \"OpenLdap\"").unwrap();
        assert!(parse(none).unwrap_err().to_string().contains("servers"));
    }
}
