//! `~/.aws/config`: where it is, and which profiles it defines. What changes it is in `conversion`.

use crate::{document::Document, error::FileError, place::Place};
use std::path::{Path, PathBuf};

/// `~/.aws/config`, or where `AWS_CONFIG_FILE` points.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    path: PathBuf,
}

impl ConfigFile {
    /// The file at a path; it need not be there.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_path_buf() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether tools would sign in by themselves for a profile of that name: most prefer its `sso_…`
    /// settings over keys in the credentials file (botocore; Go prefers the keys).
    ///
    /// # Errors
    /// [`FileError`], when the file is there and cannot be read.
    pub fn has_sso_settings(&self, profile: &str) -> Result<bool, FileError> {
        let place = Place::find(&self.path)?;
        let Some(loaded) = place.load()? else { return Ok(false) };
        let document = Document::parse(&loaded.bytes)
            .map_err(|error| FileError::Unparseable { path: self.path.clone(), error })?;
        Ok(document.has_sso_settings(profile))
    }

    /// A setting of the default profile.
    ///
    /// # Errors
    /// [`FileError`], when the file is there and cannot be read.
    pub fn of_default_profile(&self, key: &str) -> Result<Option<String>, FileError> {
        let place = Place::find(&self.path)?;
        let Some(loaded) = place.load()? else { return Ok(None) };
        let document = Document::parse(&loaded.bytes)
            .map_err(|error| FileError::Unparseable { path: self.path.clone(), error })?;
        let mut of_default = document.sections().filter(|s| profile_of(s).as_deref() == Some("default"));
        let value = of_default.find_map(|section| document.effective(&section, key));
        Ok(value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()))
    }
}

impl Document {
    /// Whether this config file has `sso_…` settings for a profile.
    #[must_use]
    pub fn has_sso_settings(&self, profile: &str) -> bool {
        self.sections().filter(|section| profile_of(section).as_deref() == Some(profile)).any(|section| {
            ["sso_account_id", "sso_role_name", "sso_session", "sso_start_url"]
                .iter()
                .any(|key| self.effective(&section, key).is_some())
        })
    }
}

/// The profile that a section of the config file defines (botocore `build_profile_map`): `[default]`,
/// or a name that starts with `profile` and has exactly two words by the shell's rules.
pub(crate) fn profile_of(section: &str) -> Option<String> {
    if section == "default" {
        return Some(section.to_owned());
    }
    if !section.starts_with("profile") {
        return None;
    }
    let mut words = shell_words(section)?;
    let name = words.pop()?;
    (words.len() == 1).then_some(name)
}

/// Python's `shlex.split`: `None` for an open quote.
pub(crate) fn shell_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => match chars.next()? {
                            c @ ('"' | '\\') => word.push(c),
                            c => word.extend(['\\', c]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn sections_define_profiles_as_in_botocore() {
        for (section, profile) in [
            ("default", Some("default")),
            ("profile default", Some("default")),
            ("profile a", Some("a")),
            ("profile \"a b\"", Some("a b")),
            ("profile 'a b'", Some("a b")),
            ("profile a\\ b", Some("a b")),
            ("profile a b", None),
            ("profile", None),
            ("profile \"a", None),
            ("a", None),
            ("sso-session a", None),
        ] {
            assert_eq!(profile_of(section).as_deref(), profile, "{section}");
        }
    }

    #[test]
    fn sso_settings_are_found_by_profile() {
        let config = b"[default]\nregion = eu-west-1\n[profile a]\nsso_session = s\n[profile \"b c\"]\nSSO_Account_Id=1\n[sso-session s]\nsso_start_url = x\n";
        let document = Document::parse(config).unwrap();
        let found: Vec<&str> = ["default", "a", "b c", "s", "x"]
            .into_iter()
            .filter(|name| document.has_sso_settings(name))
            .collect();
        assert_eq!(found, ["a", "b c"]);
    }
}
