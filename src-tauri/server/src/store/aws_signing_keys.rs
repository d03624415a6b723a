//! The keys that web identity tokens are signed with.

use jiff::Timestamp;

use super::{Result, Store, all, execute, millis, moment, sql::params};

/// A key, sealed.
#[derive(Debug, Clone)]
pub struct AwsSigningKey {
    /// Its name in tokens.
    pub kid: String,
    /// The private key, sealed under the instance's.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created: Timestamp,
}

impl Store {
    /// All, oldest first.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn aws_signing_keys(&self) -> Result<Vec<AwsSigningKey>> {
        self.read("find signing keys", |c| {
            all(c, "SELECT * FROM aws_signing_key ORDER BY created, kid", [], |row| {
                Ok(AwsSigningKey {
                    kid: row.get("kid")?,
                    sealed: row.get("sealed")?,
                    created: moment(row, "created")?,
                })
            })
        })
    }

    /// Keeps one.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn add_aws_signing_key(&self, key: &AwsSigningKey) -> Result<()> {
        self.write("keep a signing key", |tx| {
            let sql = "INSERT INTO aws_signing_key (kid, sealed, created) VALUES (?1, ?2, ?3)";
            execute(tx, sql, params![key.kid, key.sealed, millis(key.created)]).map(drop)
        })
    }

    /// Forgets those made before a moment.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn forget_aws_signing_keys(&self, before: Timestamp) -> Result<()> {
        self.write("forget signing keys", |tx| {
            execute(tx, "DELETE FROM aws_signing_key WHERE created < ?1", [millis(before)]).map(drop)
        })
    }
}
