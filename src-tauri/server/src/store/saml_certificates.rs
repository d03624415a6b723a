//! The certificates of applications: one signs, others wait for their time or are still accepted.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, audit, millis, moment,
    sql::{self, Row, params},
};

/// A certificate with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamlCertificate {
    /// Its id.
    pub id: String,
    /// The application's id.
    pub application_id: String,
    /// Key and certificate, sealed.
    pub sealed: Vec<u8>,
    /// From when it is good.
    pub not_before: Timestamp,
    /// To when.
    pub not_after: Timestamp,
    /// Whether it is the one that signs.
    pub active: bool,
    /// When it came.
    pub made: Timestamp,
}

impl Store {
    /// An application's certificates, the one that signs first, then the newest.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn saml_certificates(&self, application_id: &str) -> Result<Vec<SamlCertificate>> {
        self.read("find an application's certificates", |c| {
            let mut statement = c.prepare_cached(
                "SELECT * FROM saml_certificate WHERE application_id = ?1 ORDER BY active DESC, made DESC, id",
            )?;
            statement.query_map([application_id], certificate)?.collect()
        })
    }

    /// Adds certificates to an application that has so many; `false` if it has another number by now.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn add_saml_certificates(
        &self,
        had: usize,
        added: &[SamlCertificate],
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.write("add an application's certificate", |tx| {
            for (index, row) in added.iter().enumerate() {
                let has: i64 = tx.query_row(
                    "SELECT COUNT(*) FROM saml_certificate WHERE application_id = ?1",
                    [&row.application_id],
                    |row| row.get(0),
                )?;
                if usize::try_from(has) != Ok(had + index) {
                    return Ok(false);
                }
                tx.execute(
                    "INSERT INTO saml_certificate (id, application_id, sealed, not_before, not_after, active, made)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    params![
                        row.id,
                        row.application_id,
                        row.sealed,
                        millis(row.not_before),
                        millis(row.not_after),
                        row.active,
                        millis(row.made)
                    ],
                )?;
            }
            audit::append(tx, entry)?;
            Ok(true)
        })
    }

    /// Makes a certificate the one that signs; `false` if there is none with this id.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn activate_saml_certificate(
        &self,
        application_id: &str,
        id: &str,
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.write("change an application's certificate", |tx| {
            let known: bool = tx.query_row(
                "SELECT EXISTS (SELECT 1 FROM saml_certificate WHERE application_id = ?1 AND id = ?2)",
                params![application_id, id],
                |row| row.get(0),
            )?;
            if known {
                let sql = "UPDATE saml_certificate SET active = FALSE WHERE application_id = ?1";
                tx.execute(sql, [application_id])?;
                tx.execute("UPDATE saml_certificate SET active = TRUE WHERE id = ?1", [id])?;
                audit::append(tx, entry)?;
            }
            Ok(known)
        })
    }

    /// Forgets a certificate that does not sign; `false` if there is none.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn delete_saml_certificate(
        &self,
        application_id: &str,
        id: &str,
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.write("delete an application's certificate", |tx| {
            let gone = tx.execute(
                "DELETE FROM saml_certificate WHERE application_id = ?1 AND id = ?2 AND active = FALSE",
                params![application_id, id],
            )?;
            if gone == 1 {
                audit::append(tx, entry)?;
            }
            Ok(gone == 1)
        })
    }

    /// Seals a certificate's key anew.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn reseal_saml_certificate(&self, id: &str, sealed: &[u8]) -> Result<()> {
        self.write("seal an application's certificate", |tx| {
            tx.execute("UPDATE saml_certificate SET sealed = ?2 WHERE id = ?1", params![id, sealed]).map(drop)
        })
    }
}

fn certificate(row: &Row<'_>) -> sql::Result<SamlCertificate> {
    Ok(SamlCertificate {
        id: row.get("id")?,
        application_id: row.get("application_id")?,
        sealed: row.get("sealed")?,
        not_before: moment(row, "not_before")?,
        not_after: moment(row, "not_after")?,
        active: row.get("active")?,
        made: moment(row, "made")?,
    })
}
