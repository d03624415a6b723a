//! How far the audit trail was delivered as files. Each row is sealed under the instance's key: one that is not by
//! this server does not count, so that nobody says of events that they are delivered, or where files go.

use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::{
    Result, Store, audit_chain, millis, moment,
    sql::{self, Connection, Row, params},
    to_moment,
};
use crate::secret::InstanceKey;

/// A log file: which rows are in it and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// The first row.
    pub first: i64,
    /// The last row.
    pub last: i64,
    /// Its path below the folder.
    pub object: String,
    /// SHA-256 in hex, once it is written.
    pub hash: Option<String>,
    /// The digest file that it stands in.
    pub digest: Option<i64>,
}

/// A digest file: which span it is over and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestFile {
    /// From 1.
    pub id: i64,
    /// Log files written from then on.
    pub began: Timestamp,
    /// Until then.
    pub ended: Timestamp,
    /// Its path below the folder.
    pub object: String,
    /// SHA-256 of the file in hex, once it is written.
    pub hash: Option<String>,
    /// Its signature in hex.
    pub signature: Option<String>,
}

/// A row as a log file takes it.
#[derive(Debug, Clone)]
pub struct Record {
    /// When.
    pub moment: Timestamp,
    /// The whole event as JSON.
    pub event: String,
}

fn words(number: Option<i64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

impl LogFile {
    fn seal(&self, key: &InstanceKey) -> Vec<u8> {
        let (first, last, digest) = (self.first.to_string(), self.last.to_string(), words(self.digest));
        let hash = self.hash.as_deref().unwrap_or_default();
        key.derive("audit file 1", &[&first, &last, &self.object, hash, &digest]).to_vec()
    }

    fn put(&self, c: &Connection, key: &InstanceKey) -> sql::Result<()> {
        let sql = "INSERT INTO audit_file (first, last, object, hash, digest, seal)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (first) DO UPDATE
                   SET last = ?2, object = ?3, hash = ?4, digest = ?5, seal = ?6";
        let Self { first, last, object, hash, digest } = self;
        c.execute(sql, params![first, last, object, hash, digest, self.seal(key)]).map(drop)
    }
}

impl DigestFile {
    fn seal(&self, key: &InstanceKey) -> Vec<u8> {
        let id = self.id.to_string();
        let (began, ended) = (millis(self.began).to_string(), millis(self.ended).to_string());
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (hash, signature) = (text(&self.hash), text(&self.signature));
        key.derive("audit digest 1", &[&id, &began, &ended, &self.object, &hash, &signature]).to_vec()
    }
}

fn is_seal(found: Option<Vec<u8>>, seal: &[u8]) -> bool {
    found.is_some_and(|found| found.ct_eq(seal).into())
}

/// The log files that this server noted, oldest first.
fn log_files(c: &Connection, key: &InstanceKey) -> sql::Result<Vec<LogFile>> {
    let mut statement = c.prepare_cached("SELECT * FROM audit_file ORDER BY first")?;
    let read = |row: &Row<'_>| {
        let file = LogFile {
            first: row.get("first")?,
            last: row.get("last")?,
            object: row.get("object")?,
            hash: row.get("hash")?,
            digest: row.get("digest")?,
        };
        let is_ours = is_seal(row.get("seal")?, &file.seal(key));
        Ok(Some(file).filter(|_| is_ours))
    };
    Ok(statement.query_map([], read)?.collect::<sql::Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// The digest files that this server noted, newest first.
fn digest_files(c: &Connection, key: &InstanceKey) -> sql::Result<Vec<DigestFile>> {
    let mut statement = c.prepare_cached("SELECT * FROM audit_digest ORDER BY id DESC")?;
    let read = |row: &Row<'_>| {
        let file = DigestFile {
            id: row.get("id")?,
            began: moment(row, "began")?,
            ended: moment(row, "ended")?,
            object: row.get("object")?,
            hash: row.get("hash")?,
            signature: row.get("signature")?,
        };
        let is_ours = is_seal(row.get("seal")?, &file.seal(key));
        Ok(Some(file).filter(|_| is_ours))
    };
    Ok(statement.query_map([], read)?.collect::<sql::Result<Vec<_>>>()?.into_iter().flatten().collect())
}

impl Store {
    /// The last row that stands in a log file with all before it, and in a digest; 0 if none does.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn digested_audit(&self, key: &InstanceKey) -> Result<i64> {
        self.read("find what was delivered", |c| {
            let (files, digests) = (log_files(c, key)?, digest_files(c, key)?);
            let is_open = |digest: &DigestFile| digest.hash.is_none();
            let open: Vec<i64> = digests.into_iter().filter(is_open).map(|digest| digest.id).collect();
            let waits = |file: &&LogFile| file.digest.is_none_or(|digest| open.contains(&digest));
            let first = files.iter().filter(waits).map(|file| file.first - 1).min();
            Ok(first.or(files.iter().map(|file| file.last).max()).unwrap_or(0))
        })
    }

    /// The log file to write now: the one that was planned and not finished, else a new one over at most `most`
    /// rows at the path that `name` gives; `None` if everything is delivered.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn plan_log_file(
        &self,
        key: &InstanceKey,
        most: u32,
        name: impl FnOnce() -> String,
    ) -> Result<Option<LogFile>> {
        self.write("plan a log file", |tx| {
            let files = log_files(tx, key)?;
            let delivered = files.iter().filter(|file| file.hash.is_some()).map(|file| file.last).max();
            if let Some(pending) = files.into_iter().find(|file| file.hash.is_none()) {
                return Ok(Some(pending));
            }
            let sql =
                "SELECT min(id), max(id) FROM (SELECT id FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2) x";
            let after = delivered.unwrap_or(0);
            let span: (Option<i64>, Option<i64>) =
                tx.query_row(sql, params![after, most], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let (Some(first), Some(last)) = span else { return Ok(None) };
            let file = LogFile { first, last, object: name(), hash: None, digest: None };
            file.put(tx, key)?;
            Ok(Some(file))
        })
    }

    /// The rows of a log file; the first of them that is not as it was written, if there is one.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn records_of(
        &self,
        key: &InstanceKey,
        file: &LogFile,
    ) -> Result<std::result::Result<Vec<Record>, i64>> {
        self.read("read rows for a log file", |c| {
            let record = |(moment, event)| Ok(Record { moment: to_moment(moment)?, event });
            match audit_chain::span(c, key, (file.first, file.last))? {
                Ok(rows) => rows.into_iter().map(record).collect::<sql::Result<_>>().map(Ok),
                Err(row) => Ok(Err(row)),
            }
        })
    }

    /// A log file is there, with this hash.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn log_file_written(&self, key: &InstanceKey, file: &LogFile, hash: &str) -> Result<()> {
        let written = LogFile { hash: Some(hash.to_owned()), ..file.clone() };
        self.write("note a log file", |tx| written.put(tx, key))
    }

    /// The digest file to write now: the one that was planned and not finished, else a new one over the log
    /// files that are in none yet, if `due` says so of the end of the last one.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn plan_digest_file(
        &self,
        key: &InstanceKey,
        now: Timestamp,
        due: impl FnOnce(Option<Timestamp>) -> bool,
        name: impl FnOnce() -> String,
    ) -> Result<Option<DigestFile>> {
        self.write("plan a digest file", |tx| {
            let last = digest_files(tx, key)?.into_iter().next();
            if last.as_ref().is_some_and(|digest| digest.hash.is_none()) {
                return Ok(last);
            }
            let ended = last.map(|digest| digest.ended);
            if !due(ended) {
                return Ok(None);
            }
            let (began, object) = (ended.unwrap_or(now), name());
            let id = tx.query_row(
                "INSERT INTO audit_digest (began, ended, object) VALUES (?1, ?2, ?3) RETURNING id",
                params![millis(began), millis(now), object],
                |row| row.get(0),
            )?;
            let digest = DigestFile { id, began, ended: now, object, hash: None, signature: None };
            tx.execute("UPDATE audit_digest SET seal = ?2 WHERE id = ?1", params![id, digest.seal(key)])?;
            let waiting = log_files(tx, key)?.into_iter();
            for file in waiting.filter(|file| file.digest.is_none() && file.hash.is_some()) {
                LogFile { digest: Some(id), ..file }.put(tx, key)?;
            }
            Ok(Some(digest))
        })
    }

    /// The log files of a digest file.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn log_files_of(&self, key: &InstanceKey, digest: &DigestFile) -> Result<Vec<LogFile>> {
        self.read("find the log files of a digest", |c| {
            let files = log_files(c, key)?;
            Ok(files.into_iter().filter(|file| file.digest == Some(digest.id)).collect())
        })
    }

    /// The digest file before this one.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn digest_file_before(&self, key: &InstanceKey, digest: &DigestFile) -> Result<Option<DigestFile>> {
        self.read("find the digest before", |c| {
            Ok(digest_files(c, key)?.into_iter().find(|before| before.id < digest.id))
        })
    }

    /// A digest file is there, with this hash and signature.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn digest_file_written(
        &self,
        key: &InstanceKey,
        digest: &DigestFile,
        hash: &str,
        signature: &str,
    ) -> Result<()> {
        let text = |text: &str| Some(text.to_owned());
        let written = DigestFile { hash: text(hash), signature: text(signature), ..digest.clone() };
        self.write("note a digest file", |tx| {
            tx.execute(
                "UPDATE audit_digest SET hash = ?2, signature = ?3, seal = ?4 WHERE id = ?1",
                params![digest.id, hash, signature, written.seal(key)],
            )?;
            // What a digest was made over is in it; the newest ones are enough to go on from.
            let sql =
                "DELETE FROM audit_file WHERE digest < ?1 AND last < (SELECT max(last) FROM audit_file)";
            tx.execute(sql, [digest.id])?;
            tx.execute("DELETE FROM audit_digest WHERE id < ?1 - 1", [digest.id]).map(drop)
        })
    }
}
