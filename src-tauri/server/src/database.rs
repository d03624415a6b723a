//! `[database]` of the configuration: PostgreSQL, which several servers share, in place of the data folder's own file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

use crate::store::Database;

/// Where it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `postgresql://USER@HOST/DATABASE?sslmode=require`, without a password.
    url: Url,
    /// A file with the password and nothing else.
    password_file: Option<PathBuf>,
    /// The authority of its certificate, PEM, in place of the system's.
    ca_file: Option<PathBuf>,
}

impl DatabaseConfig {
    /// The database; relative paths start at `home`.
    ///
    /// # Errors
    /// What is wrong with it. No part of the password is in the words.
    pub fn open(&self, home: &Path) -> Result<Database> {
        if self.url.password().is_some() {
            bail!(
                "`database.url` must not hold the password: put it into a file and name that in `password_file`"
            );
        }
        let mut url = self.url.clone();
        if let Some(file) = &self.password_file {
            let path = home.join(file);
            let doing = || format!("could not read the database's password in {}", path.display());
            let password = Zeroizing::new(fs::read_to_string(&path).with_context(doing)?);
            let set = url.set_password(Some(password.trim_end_matches(['\r', '\n'])));
            if set.is_err() || url.username().is_empty() {
                bail!("`database.url` has a password and no user: postgresql://USER@HOST/DATABASE");
            }
        }
        let authorities = self.ca_file.as_ref().map(|file| home.join(file));
        Database::at(url.as_str(), authorities.as_deref()).context("`database.url` cannot be used")
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    fn refused(text: &str, home: &Path) -> String {
        let config: DatabaseConfig = toml::from_str(text).unwrap();
        format!("{:#}", config.open(home).unwrap_err())
    }

    #[test]
    fn a_database_is_refused_in_words_without_its_password() {
        let home = tempfile::tempdir().unwrap();
        let said = refused("url = 'postgresql://u:hunter2@localhost/d'", home.path());
        assert!(said.contains("password_file") && !said.contains("hunter2"), "{said}");
        fs::write(home.path().join("password"), "hunter2\n").unwrap();
        let said = refused("url = 'postgresql://u@db.acme.test/d'\npassword_file = 'password'", home.path());
        assert!(said.contains("sslmode=require") && !said.contains("hunter2"), "{said}");
        let said = refused("url = 'postgresql://u@localhost/d'\npassword_file = 'missing'", home.path());
        assert!(said.contains("missing"), "{said}");
        let said = refused("url = 'mysql://u@localhost/d'", home.path());
        assert!(said.contains("postgresql://"), "{said}");
        let config: DatabaseConfig =
            toml::from_str("url = 'postgresql://u@localhost/d'\npassword_file = 'password'").unwrap();
        assert!(!format!("{:?}", config.open(home.path()).unwrap()).contains("hunter2"));
    }
}
