//! How far the audit trail was delivered as files.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Result, Store, millis, moment, to_moment};

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

fn log_file(row: &Row<'_>) -> rusqlite::Result<LogFile> {
    Ok(LogFile {
        first: row.get("first")?,
        last: row.get("last")?,
        object: row.get("object")?,
        hash: row.get("hash")?,
    })
}

fn digest_file(row: &Row<'_>) -> rusqlite::Result<DigestFile> {
    Ok(DigestFile {
        id: row.get("id")?,
        began: moment(row, "began")?,
        ended: moment(row, "ended")?,
        object: row.get("object")?,
        hash: row.get("hash")?,
        signature: row.get("signature")?,
    })
}

fn delivered(c: &Connection) -> rusqlite::Result<i64> {
    c.query_row("SELECT coalesce(max(last), 0) FROM audit_file WHERE hash IS NOT NULL", [], |row| row.get(0))
}

impl Store {
    /// The last row that stands in a log file with all before it, and in a digest; 0 if none does.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn digested_audit(&self) -> Result<i64> {
        self.read("find what was delivered", |c| {
            let sql = "SELECT coalesce(
                (SELECT min(first) - 1 FROM audit_file f LEFT JOIN audit_digest d ON d.id = f.digest
                    WHERE f.digest IS NULL OR (d.id IS NOT NULL AND d.hash IS NULL)),
                (SELECT max(last) FROM audit_file), 0)";
            c.query_row(sql, [], |row| row.get(0))
        })
    }

    /// The log file to write now: the one that was planned and not finished, else a new one over at most `most`
    /// rows at the path that `name` gives; `None` if everything is delivered.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn plan_log_file(&self, most: u32, name: impl FnOnce() -> String) -> Result<Option<LogFile>> {
        self.write("plan a log file", |tx| {
            let pending = tx
                .query_row("SELECT * FROM audit_file WHERE hash IS NULL ORDER BY first", [], log_file)
                .optional()?;
            if pending.is_some() {
                return Ok(pending);
            }
            let sql =
                "SELECT min(id), max(id) FROM (SELECT id FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2)";
            let span: (Option<i64>, Option<i64>) =
                tx.query_row(sql, params![delivered(tx)?, most], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let (Some(first), Some(last)) = span else { return Ok(None) };
            let file = LogFile { first, last, object: name(), hash: None };
            let sql = "INSERT INTO audit_file (first, last, object) VALUES (?1, ?2, ?3)";
            tx.execute(sql, params![file.first, file.last, file.object])?;
            Ok(Some(file))
        })
    }

    /// The rows of a log file.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn records_of(&self, file: &LogFile) -> Result<Vec<Record>> {
        self.read("read rows for a log file", |c| {
            let mut statement =
                c.prepare("SELECT moment, event FROM audit WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
            let read = |row: &Row<'_>| {
                Ok(Record { moment: to_moment(row.get("moment")?)?, event: row.get("event")? })
            };
            statement.query_map([file.first, file.last], read)?.collect()
        })
    }

    /// A log file is there, with this hash.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn log_file_written(&self, file: &LogFile, hash: &str) -> Result<()> {
        self.write("note a log file", |tx| {
            let sql = "UPDATE audit_file SET hash = ?2 WHERE first = ?1";
            tx.execute(sql, params![file.first, hash]).map(drop)
        })
    }

    /// The digest file to write now: the one that was planned and not finished, else a new one over the log
    /// files that are in none yet, if `due` says so of the end of the last one.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn plan_digest_file(
        &self,
        now: Timestamp,
        due: impl FnOnce(Option<Timestamp>) -> bool,
        name: impl FnOnce() -> String,
    ) -> Result<Option<DigestFile>> {
        self.write("plan a digest file", |tx| {
            let last = tx
                .query_row("SELECT * FROM audit_digest ORDER BY id DESC LIMIT 1", [], digest_file)
                .optional()?;
            if last.as_ref().is_some_and(|digest| digest.hash.is_none()) {
                return Ok(last);
            }
            let ended = last.map(|digest| digest.ended);
            if !due(ended) {
                return Ok(None);
            }
            let (began, object) = (ended.unwrap_or(now), name());
            tx.execute(
                "INSERT INTO audit_digest (began, ended, object) VALUES (?1, ?2, ?3)",
                params![millis(began), millis(now), object],
            )?;
            let id = tx.last_insert_rowid();
            tx.execute("UPDATE audit_file SET digest = ?1 WHERE digest IS NULL AND hash IS NOT NULL", [id])?;
            Ok(Some(DigestFile { id, began, ended: now, object, hash: None, signature: None }))
        })
    }

    /// The log files of a digest file.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn log_files_of(&self, digest: &DigestFile) -> Result<Vec<LogFile>> {
        self.read("find the log files of a digest", |c| {
            let mut statement = c.prepare("SELECT * FROM audit_file WHERE digest = ?1 ORDER BY first")?;
            statement.query_map([digest.id], log_file)?.collect()
        })
    }

    /// The digest file before this one.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn digest_file_before(&self, digest: &DigestFile) -> Result<Option<DigestFile>> {
        self.read("find the digest before", |c| {
            let sql = "SELECT * FROM audit_digest WHERE id < ?1 ORDER BY id DESC LIMIT 1";
            c.query_row(sql, [digest.id], digest_file).optional()
        })
    }

    /// A digest file is there, with this hash and signature.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn digest_file_written(&self, digest: &DigestFile, hash: &str, signature: &str) -> Result<()> {
        self.write("note a digest file", |tx| {
            tx.execute(
                "UPDATE audit_digest SET hash = ?2, signature = ?3 WHERE id = ?1",
                params![digest.id, hash, signature],
            )?;
            // What a digest was made over is in it; the newest ones are enough to go on from.
            let sql =
                "DELETE FROM audit_file WHERE digest < ?1 AND last < (SELECT max(last) FROM audit_file)";
            tx.execute(sql, [digest.id])?;
            tx.execute("DELETE FROM audit_digest WHERE id < ?1 - 1", [digest.id]).map(drop)
        })
    }
}
