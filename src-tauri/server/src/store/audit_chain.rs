//! The audit trail as a chain: each row's MAC covers the row and the MAC before it, and the chain's two ends
//! are sealed, all under the instance's key, which is not in the database. Rows have consecutive numbers.
//!
//! Whoever can write the database but has not the key cannot change, insert, reorder or cut rows unseen, at the
//! front, in the middle or at the end. What is not seen: a whole database put back as it was, as far as it is
//! not older than the mark that the server keeps in a file beside it; and anything done by who has the key.

use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::{
    AuditEntry, Result, Store, all,
    audit_index::{self, Checked},
    millis,
    sql::{self, Connection, OptionalExtension, Row, params},
    to_moment,
};
use crate::secret::InstanceKey;

/// Before the first row there ever was.
const GENESIS: [u8; 32] = [0; 32];
/// Stands for the MAC before where that cannot be trusted: what follows it fits no chain, and is found.
const BROKEN: [u8; 32] = [0xff; 32];

/// Rows forgotten in one transaction: requests wait for it.
const AT_ONCE: i64 = 2000;

/// One end of the chain: a row's number and its MAC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The row.
    pub id: i64,
    /// Its MAC.
    pub mac: Vec<u8>,
}

/// What following the chain found.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every row is as it was written and none is missing.
    Whole(Whole),
    /// It is not.
    Broken(Break),
}

/// A chain without fault.
#[derive(Debug, PartialEq, Eq)]
pub struct Whole {
    /// How many events.
    pub events: u64,
    /// The oldest one's moment.
    pub from: Option<Timestamp>,
    /// The newest one's moment.
    pub to: Option<Timestamp>,
    /// The newest row.
    pub head: End,
}

/// The first thing that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// The oldest end is missing or not sealed by this server.
    Anchor,
    /// This row is not as it was written, or is not in its place.
    Row(i64),
    /// This row is missing.
    Missing(i64),
    /// What this row is found by is not what it says.
    Index(i64),
    /// All rows fit, but the newest end is missing or not sealed by this server; this was the last row found.
    Head(i64),
    /// The trail once was longer than it is: it ended at this row or later.
    OlderThanMark(i64),
}

/// A row as it is sealed.
struct Sealed {
    id: i64,
    moment: i64,
    source: String,
    name: String,
    event: String,
    mac: Option<Vec<u8>>,
}

const COLUMNS: &str = "id, moment, source, name, event, mac";

impl Sealed {
    fn read(row: &Row<'_>) -> sql::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            moment: row.get(1)?,
            source: row.get(2)?,
            name: row.get(3)?,
            event: row.get(4)?,
            mac: row.get(5)?,
        })
    }

    fn mac_after(&self, key: &InstanceKey, before: &[u8]) -> Vec<u8> {
        mac(key, before, (self.id, self.moment), [&self.source, &self.name, &self.event])
    }
}

fn mac(
    key: &InstanceKey,
    before: &[u8],
    (id, moment): (i64, i64),
    [source, name, event]: [&str; 3],
) -> Vec<u8> {
    let (before, id, moment) = (hex::encode(before), id.to_string(), moment.to_string());
    key.derive("audit row 1", &[&before, &id, &moment, source, name, event]).to_vec()
}

fn seal(key: &InstanceKey, which: &str, end: &End) -> Vec<u8> {
    key.derive("audit end 1", &[which, &end.id.to_string(), &hex::encode(&end.mac)]).to_vec()
}

/// An end, if it is there and sealed by this server.
fn end(c: &Connection, key: &InstanceKey, which: &str) -> sql::Result<Option<End>> {
    let mut statement = c.prepare_cached("SELECT id, mac, seal FROM audit_end WHERE which = ?1")?;
    let read = |row: &Row<'_>| Ok((End { id: row.get(0)?, mac: row.get(1)? }, row.get::<_, Vec<u8>>(2)?));
    let known = statement.query_row([which], read).optional()?;
    Ok(known.filter(|(end, found)| seal(key, which, end).ct_eq(found).into()).map(|(end, _)| end))
}

fn set_end(tx: &Connection, key: &InstanceKey, which: &str, end: &End) -> sql::Result<()> {
    let sql = "INSERT INTO audit_end (which, id, mac, seal) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (which) DO UPDATE SET id = excluded.id, mac = excluded.mac, seal = excluded.seal";
    tx.prepare_cached(sql)?.execute(params![which, end.id, end.mac, seal(key, which, end)]).map(drop)
}

fn holds(c: &Connection, anchor: &End, mark: &End) -> sql::Result<bool> {
    if mark.id < anchor.id || mark == anchor {
        return Ok(true);
    }
    Ok(mac_of(c, mark.id)?.as_ref() == Some(&mark.mac))
}

fn mac_of(c: &Connection, id: i64) -> sql::Result<Option<Vec<u8>>> {
    let found: Option<Option<Vec<u8>>> =
        c.query_row("SELECT mac FROM audit WHERE id = ?1", [id], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

/// Appends rows to the chain, whose end is sealed anew once for all of them.
pub(super) fn append<'e>(
    tx: &Connection,
    entries: impl IntoIterator<Item = &'e AuditEntry>,
) -> sql::Result<()> {
    let mut entries = entries.into_iter();
    let Some(first) = entries.next() else { return Ok(()) };
    let last: i64 =
        tx.prepare_cached("SELECT coalesce(max(id), 0) FROM audit")?.query_row([], |row| row.get(0))?;
    let mut head = end(tx, &first.key, "head")?.unwrap_or(End { id: last, mac: BROKEN.to_vec() });
    head.id = head.id.max(last);
    let mut rows = Vec::new();
    for entry in std::iter::once(first).chain(entries) {
        let AuditEntry { moment, source, name, event, key } = entry;
        let (id, moment) = (head.id + 1, millis(*moment));
        let mac = mac(key, &head.mac, (id, moment), [source, name, event]);
        rows.push((id, moment, entry, mac.clone()));
        head = End { id, mac };
    }
    let rows: Vec<[&dyn sql::ToSql; 6]> = rows
        .iter()
        .map(|(id, moment, entry, mac)| -> [&dyn sql::ToSql; 6] {
            [id, moment, &entry.source, &entry.name, &entry.event, mac]
        })
        .collect();
    tx.prepare_cached(
        "INSERT INTO audit (id, moment, source, name, event, mac) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute_each(&rows)?;
    set_end(tx, &first.key, "head", &head)
}

/// Follows the chain from its anchor, up to the row before `stop` if that is given.
fn follow(
    c: &Connection,
    key: &InstanceKey,
    anchor: &End,
    stop: i64,
) -> sql::Result<std::result::Result<(End, u64), Break>> {
    let sql = format!("SELECT {COLUMNS} FROM audit WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT ?3");
    let (mut last, mut events) = (anchor.clone(), 0);
    let mut index = Checked::after(c, anchor.id)?;
    // From the very first: none may stand before the anchor.
    let mut after = i64::MIN;
    loop {
        let page = all(c, &sql, [after, stop, AT_ONCE], Sealed::read)?;
        if page.is_empty() {
            return Ok(Ok((last, events)));
        }
        for row in page {
            if row.id > last.id + 1 {
                return Ok(Err(Break::Missing(last.id + 1)));
            }
            let expected = row.mac_after(key, &last.mac);
            let fits: bool = row.mac.as_ref().is_some_and(|found| expected.ct_eq(found).into());
            if row.id != last.id + 1 || !fits {
                return Ok(Err(Break::Row(row.id)));
            }
            if !index.has((row.id, row.moment), &row.source, &row.name, &row.event)? {
                return Ok(Err(Break::Index(row.id)));
            }
            last = End { id: row.id, mac: expected };
            after = last.id;
            events += 1;
        }
    }
}

/// Moments and events of these rows, if they are as they were written; else the first that is not.
pub(super) fn span(
    c: &Connection,
    key: &InstanceKey,
    (first, last): (i64, i64),
) -> sql::Result<std::result::Result<Vec<(i64, String)>, i64>> {
    let before = match end(c, key, "anchor")?.filter(|anchor| anchor.id == first - 1) {
        Some(anchor) => Some(anchor.mac),
        None => mac_of(c, first - 1)?,
    };
    let Some(mut before) = before else { return Ok(Err(first)) };
    let sql = format!("SELECT {COLUMNS} FROM audit WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
    let mut statement = c.prepare_cached(&sql)?;
    let mut rows = statement.query([first, last])?;
    let (mut next, mut found) = (first, Vec::new());
    while let Some(row) = rows.next()? {
        let row = Sealed::read(&row)?;
        let expected = row.mac_after(key, &before);
        let fits: bool = row.mac.as_ref().is_some_and(|mac| expected.ct_eq(mac).into());
        if row.id != next || !fits {
            return Ok(Err(next));
        }
        found.push((row.moment, row.event));
        (before, next) = (expected, next + 1);
    }
    Ok(if next > last { Ok(found) } else { Err(next) })
}

impl Store {
    /// Begins the chain where there never was one, with the rows of older versions as they stand.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn begin_audit(&self, key: &InstanceKey) -> Result<()> {
        self.write("begin the audit trail's chain", |tx| {
            let ends: i64 = tx.query_row("SELECT count(*) FROM audit_end", [], |row| row.get(0))?;
            let sealed: i64 =
                tx.query_row("SELECT count(*) FROM audit WHERE mac IS NOT NULL", [], |row| row.get(0))?;
            if ends > 0 || sealed > 0 {
                return Ok(());
            }
            let first: Option<i64> = tx.query_row("SELECT min(id) FROM audit", [], |row| row.get(0))?;
            let anchor = End { id: first.unwrap_or(1) - 1, mac: GENESIS.to_vec() };
            set_end(tx, key, "anchor", &anchor)?;
            let mut last = anchor;
            let rows = {
                let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM audit ORDER BY id"))?;
                statement.query_map([], Sealed::read)?.collect::<sql::Result<Vec<_>>>()?
            };
            for row in rows {
                let mac = row.mac_after(key, &last.mac);
                tx.execute("UPDATE audit SET mac = ?2 WHERE id = ?1", params![row.id, mac])?;
                last = End { id: row.id, mac };
            }
            set_end(tx, key, "head", &last)
        })
    }

    /// Whether there is a chain, under whatever key.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn has_audit(&self) -> Result<bool> {
        self.read("look for the audit trail", |c| {
            c.query_row("SELECT EXISTS (SELECT 1 FROM audit_end)", [], |row| row.get(0))
        })
    }

    /// The newest row; `None` if the chain has no end that this server sealed.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn audit_head(&self, key: &InstanceKey) -> Result<Option<End>> {
        self.read("find the audit trail's end", |c| end(c, key, "head"))
    }

    /// Whether the chain still holds a row that it is known to have reached, or has forgotten it since. Only that
    /// row is looked at.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn holds_audit(&self, key: &InstanceKey, mark: &End) -> Result<bool> {
        self.read("find a row of the audit trail", |c| {
            let Some(anchor) = end(c, key, "anchor")? else { return Ok(false) };
            holds(c, &anchor, mark)
        })
    }

    /// Follows the whole chain; `mark` is a row it is known to have reached.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn verify_audit(&self, key: &InstanceKey, mark: Option<&End>) -> Result<Verdict> {
        self.read("follow the audit trail", |c| {
            // One state of the database, whoever else writes meanwhile.
            let tx = c.steady()?;
            let broken = |what| Ok(Verdict::Broken(what));
            let Some(anchor) = end(&tx, key, "anchor")? else { return broken(Break::Anchor) };
            let (last, events) = match follow(&tx, key, &anchor, i64::MAX)? {
                Ok(followed) => followed,
                Err(what) => return broken(what),
            };
            match end(&tx, key, "head")? {
                Some(head) if head == last => {}
                Some(head) if head.id > last.id => return broken(Break::Missing(last.id + 1)),
                _ => return broken(Break::Head(last.id)),
            }
            if let Some(mark) = mark
                && (mark.id > last.id || !holds(&tx, &anchor, mark)?)
            {
                return broken(Break::OlderThanMark(mark.id));
            }
            // Rows that are yet to come would never be taken into it.
            if audit_index::reach(&tx)? > last.id {
                return broken(Break::Index(last.id + 1));
            }
            let (from, to): (Option<i64>, Option<i64>) =
                tx.query_row("SELECT min(moment), max(moment) FROM audit", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
            Ok(Verdict::Whole(Whole {
                events,
                from: from.map(to_moment).transpose()?,
                to: to.map(to_moment).transpose()?,
                head: last,
            }))
        })
    }

    /// Forgets the rows from before `cutoff`, from the oldest on and none after `up_to`; the anchor moves in
    /// the same transaction. A row whose moment was changed must not take the proof along: where the chain does
    /// not fit, nothing goes. Gives how many went; more may be left until it is 0.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn forget_audit(&self, key: &InstanceKey, cutoff: Timestamp, up_to: Option<i64>) -> Result<u64> {
        self.add("forget old rows of the audit trail", |tx| {
            let Some(anchor) = end(tx, key, "anchor")? else { return Ok(0) };
            let most = anchor.id.saturating_add(AT_ONCE);
            let stays: Option<i64> = tx.query_row(
                "SELECT min(id) FROM audit WHERE id <= ?3 AND (moment >= ?1 OR id > ?2)",
                params![millis(cutoff), up_to.unwrap_or(i64::MAX), most],
                |row| row.get(0),
            )?;
            let stays = stays.unwrap_or(most + 1);
            let Ok((last, events)) = follow(tx, key, &anchor, stays)? else { return Ok(0) };
            if events > 0 {
                set_end(tx, key, "anchor", &last)?;
                tx.execute("DELETE FROM audit WHERE id <= ?1", [last.id])?;
                audit_index::forget(tx, last.id)?;
            }
            Ok(events)
        })
    }
}

#[cfg(test)]
#[path = "audit_chain_tests.rs"]
mod tests;
