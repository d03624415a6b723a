//! Activity as a chain. Each line's MAC covers the line and the MAC before it; the chain's two ends are sealed
//! apart, so that neither a change, nor a gap, nor a shorter record goes unseen by whoever has the key.
//!
//! A whole file that is put back as it was on another day is not seen: nothing outside it tells the day.

use super::Problem;
use crate::vault::RecordKey;
use engine::ports::RecordCheck;
use rusqlite::{Connection, OptionalExtension, Row, params};
use subtle::ConstantTimeEq;

/// One end: the number of a line and its MAC.
#[derive(Clone, Debug, PartialEq, Eq)]
struct End {
    id: i64,
    mac: Vec<u8>,
}

/// Before the first line there ever was.
const GENESIS: [u8; 32] = [0; 32];

/// A line as it is stored; it is sealed as text, so that nothing depends on how it is read.
struct Line {
    id: i64,
    at: i64,
    by: String,
    event: String,
    mac: Option<Vec<u8>>,
    late: bool,
}

impl Line {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            at: row.get(1)?,
            by: row.get(2)?,
            event: row.get(3)?,
            mac: row.get(4)?,
            late: row.get(5)?,
        })
    }

    fn mac_after(&self, before: &[u8], key: &RecordKey) -> Option<Vec<u8>> {
        let (id, at) = (self.id.to_be_bytes(), self.at.to_be_bytes());
        let parts: [&[u8]; 6] =
            [before, &id, &at, self.by.as_bytes(), self.event.as_bytes(), &[u8::from(self.late)]];
        key.mac("latchkey activity line 1", &parts).map(Vec::from)
    }
}

/// Brings the chain up to the last stored line: begins it where there never was one, and seals what was stored
/// while there was no key. Does nothing without the key.
pub(super) fn catch_up(db: &Connection, key: &RecordKey) -> Result<(), Problem> {
    if !key.is_there() {
        return Ok(());
    }
    let head = match end(db, "head")? {
        Some(head) => head,
        None if !key.begun() || !ever_written(db)? => {
            let first: Option<i64> = db.query_row("SELECT min(id) FROM history", [], |row| row.get(0))?;
            let begin = End { id: first.unwrap_or(1) - 1, mac: GENESIS.to_vec() };
            set_end(db, key, "anchor", &begin)?;
            set_end(db, key, "head", &begin)?;
            begin
        }
        // The end was taken away. What comes now fits nothing, and the next check says so.
        None => End { id: 0, mac: GENESIS.to_vec() },
    };
    let mut statement = db.prepare_cached(
        "SELECT id, at, by, event, mac, late FROM history WHERE id > ?1 AND mac IS NULL ORDER BY id",
    )?;
    let lines = statement.query_map([head.id], Line::read)?.collect::<Result<Vec<_>, _>>()?;
    let mut last = head.clone();
    for line in lines {
        let line = Line { late: true, ..line };
        let Some(mac) = line.mac_after(&last.mac, key) else { return Ok(()) };
        db.execute("UPDATE history SET mac = ?2, late = 1 WHERE id = ?1", params![line.id, mac])?;
        last = End { id: line.id, mac };
    }
    if last != head {
        set_end(db, key, "head", &last)?;
    }
    Ok(())
}

/// Seals the line that was stored just now, where there is a key.
pub(super) fn seal_line(db: &Connection, key: &RecordKey, id: i64) -> Result<(), Problem> {
    if !key.is_there() {
        return Ok(());
    }
    let head = end(db, "head")?.unwrap_or(End { id: 0, mac: GENESIS.to_vec() });
    let line =
        db.query_row("SELECT id, at, by, event, mac, late FROM history WHERE id = ?1", [id], Line::read)?;
    let Some(mac) = line.mac_after(&head.mac, key) else { return Ok(()) };
    db.execute("UPDATE history SET mac = ?2 WHERE id = ?1", params![id, mac])?;
    set_end(db, key, "head", &End { id, mac })
}

/// Forgets the lines before `cutoff` (epoch milliseconds). Only from the oldest on, so that what stays is one
/// chain; a clock that once was wrong keeps a line longer. Without the key a chain is not shortened.
pub(super) fn prune(db: &Connection, key: &RecordKey, cutoff: i64) -> Result<(), Problem> {
    let first: Option<i64> =
        db.query_row("SELECT min(at) FROM history WHERE at < ?1", [cutoff], |row| row.get(0))?;
    if first.is_none() {
        return Ok(());
    }
    let sealed = end(db, "head")?.is_some();
    if sealed && !key.is_there() {
        return Ok(());
    }
    let stays: i64 = db.query_row(
        "SELECT coalesce(min(id), ?2) FROM history WHERE at >= ?1",
        [cutoff, i64::MAX],
        |row| row.get(0),
    )?;
    if sealed {
        // A line whose moment was changed to an old one must not take the proof with it.
        let Some(anchor) = fitting_end(db, key, "anchor")? else { return Ok(()) };
        let Ok(followed) = follow(db, key, anchor, stays)? else { return Ok(()) };
        set_end(db, key, "anchor", &followed.last)?;
    }
    db.execute("DELETE FROM history WHERE id < ?1", [stays])?;
    Ok(())
}

/// Takes every line away; the chain goes on after its last one.
///
/// # Errors
/// [`Problem::KeyNeeded`] where a chain is there and the key is not.
pub(super) fn clear(db: &Connection, key: &RecordKey) -> Result<(), Problem> {
    catch_up(db, key)?;
    if key.is_there() {
        // The store's own count, not the head: after a clearing nothing depends on what stood there.
        let last: i64 = db
            .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'history'", [], |row| row.get(0))
            .optional()?
            .unwrap_or(0);
        let begin = End { id: last, mac: GENESIS.to_vec() };
        set_end(db, key, "anchor", &begin)?;
        set_end(db, key, "head", &begin)?;
    } else if end(db, "head")?.is_some() {
        return Err(Problem::KeyNeeded);
    }
    db.execute("DELETE FROM history", [])?;
    Ok(())
}

/// Follows the chain from its anchor to its head.
pub(super) fn check(db: &Connection, key: &RecordKey) -> Result<RecordCheck, Problem> {
    if !key.is_there() {
        return Ok(RecordCheck::Unsealed);
    }
    let first: Option<i64> = db.query_row("SELECT min(id) FROM history", [], |row| row.get(0))?;
    let ends = (end(db, "anchor")?, end(db, "head")?);
    if ends == (None, None) && first.is_none() {
        return Ok(RecordCheck::Intact { lines: 0, late: 0 });
    }
    let Some(anchor) = fitting_end(db, key, "anchor")? else {
        return Ok(RecordCheck::Broken { entry: first.unwrap_or(1) });
    };
    let followed = match follow(db, key, anchor, i64::MAX)? {
        Ok(followed) => followed,
        Err(entry) => return Ok(RecordCheck::Broken { entry }),
    };
    match fitting_end(db, key, "head")? {
        Some(head) if head == followed.last => {
            Ok(RecordCheck::Intact { lines: followed.lines, late: followed.late })
        }
        // Lines at the end were taken away.
        _ => Ok(RecordCheck::Broken { entry: followed.last.id + 1 }),
    }
}

/// How far lines fit together.
struct Followed {
    last: End,
    lines: u64,
    late: u64,
}

/// Follows the lines up to, not including, the one with this number; or the number of the first that does not
/// fit.
fn follow(db: &Connection, key: &RecordKey, from: End, to: i64) -> Result<Result<Followed, i64>, Problem> {
    let mut followed = Followed { last: from, lines: 0, late: 0 };
    let mut statement =
        db.prepare_cached("SELECT id, at, by, event, mac, late FROM history WHERE id < ?1 ORDER BY id")?;
    for line in statement.query_map([to], Line::read)? {
        let line = line?;
        let expected = line.mac_after(&followed.last.mac, key);
        match (expected, line.mac.as_deref()) {
            (Some(mac), Some(stored)) if bool::from(mac.as_slice().ct_eq(stored)) => {
                followed.last = End { id: line.id, mac };
            }
            _ => return Ok(Err(line.id)),
        }
        followed.lines += 1;
        followed.late += u64::from(line.late);
    }
    Ok(Ok(followed))
}

/// Whether a line was ever stored in this file.
fn ever_written(db: &Connection) -> Result<bool, Problem> {
    let seq: Option<i64> =
        db.query_row("SELECT max(seq) FROM sqlite_sequence WHERE name = 'history'", [], |row| row.get(0))?;
    Ok(seq.is_some())
}

fn end(db: &Connection, name: &str) -> Result<Option<End>, Problem> {
    Ok(sealed_end(db, name)?.map(|(end, _)| end))
}

fn sealed_end(db: &Connection, name: &str) -> Result<Option<(End, Vec<u8>)>, Problem> {
    let mut statement = db.prepare_cached("SELECT id, mac, seal FROM record_chain WHERE name = ?1")?;
    let read = |row: &Row<'_>| Ok((End { id: row.get(0)?, mac: row.get(1)? }, row.get(2)?));
    Ok(statement.query_row([name], read).optional()?)
}

/// An end, if its seal is ours.
fn fitting_end(db: &Connection, key: &RecordKey, name: &str) -> Result<Option<End>, Problem> {
    Ok(sealed_end(db, name)?.and_then(|(end, seal)| {
        let expected = seal_of(key, name, &end)?;
        bool::from(expected.as_slice().ct_eq(&seal)).then_some(end)
    }))
}

fn seal_of(key: &RecordKey, name: &str, end: &End) -> Option<[u8; 32]> {
    key.mac("latchkey activity end 1", &[name.as_bytes(), &end.id.to_be_bytes(), &end.mac])
}

fn set_end(db: &Connection, key: &RecordKey, name: &str, end: &End) -> Result<(), Problem> {
    let Some(seal) = seal_of(key, name, end) else { return Ok(()) };
    db.execute(
        "INSERT OR REPLACE INTO record_chain (name, id, mac, seal) VALUES (?1, ?2, ?3, ?4)",
        params![name, end.id, end.mac, seal.as_slice()],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests;
