//! What events are looked up by: a table of terms, each with the rows that it is said in. It is brought up to the
//! trail's end a moment after events were written, and before each look-up: so what is recorded does not wait for it,
//! and a look-up misses nothing.
//!
//! Rows are taken in by runs, one after the other and without gaps; a term stands there once for each run that has it,
//! under the run's last row. It can be made again from the trail at any time, and following the chain holds it against
//! the trail.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use serde::Deserialize;
use uuid::Uuid;

use super::{
    Result, Store, all, execute, one,
    sql::{self, Connection, Row, params},
    writer::{Effect, Writer},
};

/// `eventID`, where it does not tell the event's moment.
pub(super) const EVENT: &str = "event";
/// `userIdentity.accessKeyId`.
pub(super) const KEY: &str = "key";
/// The last part of a resource's ARN.
pub(super) const RESOURCE: &str = "resource";
/// Who did it.
pub(super) const USER: &str = "user";
/// `eventName`.
pub(super) const NAME: &str = "name";
/// The type of a resource.
pub(super) const TYPE: &str = "type";
/// `eventSource`.
pub(super) const SOURCE: &str = "source";

/// Rows of a run, at most: the writer is held for as long as its terms take.
const AT_ONCE: i64 = 2000;
/// How long after a change it is done.
const PAUSE: Duration = Duration::from_millis(500);

type Term = (&'static str, String);

#[derive(Deserialize, Default)]
#[serde(default)]
struct Said {
    #[serde(rename = "eventID")]
    event_id: Option<String>,
    #[serde(rename = "userIdentity")]
    identity: Option<Identity>,
    #[serde(rename = "additionalEventData")]
    additional: Option<Additional>,
    resources: Vec<Resource>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Identity {
    #[serde(rename = "userName")]
    username: Option<String>,
    #[serde(rename = "accessKeyId")]
    access_key_id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Additional {
    #[serde(rename = "UserName")]
    username: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Resource {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "ARN")]
    arn: String,
}

/// The moment that an event's id tells, epoch milliseconds (RFC 9562 §5.7).
pub(super) fn moment_in(event_id: &str) -> Option<i64> {
    let id = Uuid::try_parse(event_id).ok().filter(|id| id.get_version_num() == 7)?;
    i64::try_from(id.as_u128() >> 80).ok()
}

/// What a row is looked up by.
fn terms_of(moment: i64, source: &str, name: &str, event: &str) -> BTreeSet<Term> {
    let said: Said = serde_json::from_str(event).unwrap_or_default();
    let mut terms = BTreeSet::from([(NAME, name.to_owned()), (SOURCE, source.to_owned())]);
    let (username, key) =
        said.identity.map_or((None, None), |identity| (identity.username, identity.access_key_id));
    let username = username.or(said.additional.and_then(|data| data.username));
    let event_id = said.event_id.filter(|id| moment_in(id) != Some(moment));
    for (field, value) in [(EVENT, event_id), (USER, username), (KEY, key)] {
        terms.extend(value.map(|value| (field, value)));
    }
    for Resource { kind, arn } in said.resources {
        let name = arn.rsplit_once('/').map_or(arn.as_str(), |(_, name)| name).to_owned();
        terms.extend([(RESOURCE, name), (TYPE, kind)]);
    }
    terms
}

/// Rows of a run, from its last one back: how far each is from the one before, seven bits a byte, the low ones first.
fn encode(rows: &[i64], last: i64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(rows.len() + 1);
    let low = |left: u64| u8::try_from(left & 0x7f).unwrap_or_default();
    let mut before = last;
    for row in rows.iter().rev() {
        let mut left = before.abs_diff(*row);
        while left >= 0x80 {
            bytes.push(low(left) | 0x80);
            left >>= 7;
        }
        bytes.push(low(left));
        before = *row;
    }
    bytes
}

/// The same, read: the newest first. `None` if it was not written by [`encode`].
pub(super) fn decode(bytes: &[u8], last: i64) -> Option<Vec<i64>> {
    let (mut rows, mut before, mut distance, mut shift) = (Vec::new(), last, 0_i64, 0_u32);
    for byte in bytes {
        let bits = i64::from(byte & 0x7f).checked_shl(shift).filter(|_| shift < 56)?;
        distance |= bits;
        shift += 7;
        if byte & 0x80 == 0 {
            before = before.checked_sub(distance)?;
            rows.push(before);
            (distance, shift) = (0, 0);
        }
    }
    (shift == 0).then_some(rows)
}

/// The last row that was taken in; 0 if none was.
pub(super) fn reach(c: &Connection) -> sql::Result<i64> {
    let last = one(c, "SELECT max(last) FROM audit_term", [], |row| row.get::<_, Option<i64>>(0))?;
    Ok(last.flatten().unwrap_or(0))
}

/// The row before the first that is to be taken in next.
fn base(c: &Connection) -> sql::Result<i64> {
    let first = one(c, "SELECT min(id) FROM audit", [], |row| row.get::<_, Option<i64>>(0))?;
    Ok(reach(c)?.max(first.flatten().unwrap_or(1) - 1))
}

/// The newest moment of the rows taken in, and by how much at most a row's is before that of an earlier one: several
/// write at once, and clocks are set back.
fn order(c: &Connection) -> sql::Result<(i64, i64)> {
    let sql = "SELECT latest, behind FROM audit_order WHERE only = 1";
    Ok(one(c, sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?.unwrap_or((i64::MIN, 0)))
}

/// By how much at most a row's moment is before that of an earlier one.
pub(super) fn behind(c: &Connection) -> sql::Result<i64> {
    order(c).map(|(_, behind)| behind)
}

/// Forgets the runs up to this row.
pub(super) fn forget(tx: &Connection, last: i64) -> sql::Result<()> {
    execute(tx, "DELETE FROM audit_term WHERE last <= ?1", [last]).map(drop)
}

/// Rows that are taken in together.
struct Run {
    base: i64,
    last: i64,
    moments: Vec<i64>,
    terms: BTreeMap<Term, Vec<i64>>,
}

/// The next run; `None` if all is taken in.
fn gather(c: &Connection) -> sql::Result<Option<Run>> {
    let base = base(c)?;
    let mut run = Run { base, last: base, moments: Vec::new(), terms: BTreeMap::new() };
    let sql = "SELECT id, moment, source, name, event FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2";
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query([base, AT_ONCE])?;
    let text = |row: &Row<'_>, column: usize| row.get::<_, String>(column);
    while let Some(row) = rows.next()? {
        let moment = row.get(1)?;
        run.last = row.get(0)?;
        run.moments.push(moment);
        for term in terms_of(moment, &text(&row, 2)?, &text(&row, 3)?, &text(&row, 4)?) {
            run.terms.entry(term).or_default().push(run.last);
        }
    }
    Ok((!run.moments.is_empty()).then_some(run))
}

/// Keeps a run, unless another process was faster.
fn put(tx: &Connection, run: &Run) -> sql::Result<()> {
    if base(tx)? != run.base {
        return Ok(());
    }
    let mut insert =
        tx.prepare_cached("INSERT INTO audit_term (field, value, last, rows) VALUES (?1, ?2, ?3, ?4)")?;
    for ((field, value), rows) in &run.terms {
        insert.execute(params![field, value, run.last, encode(rows, run.last)])?;
    }
    let (mut latest, mut behind) = order(tx)?;
    for moment in &run.moments {
        behind = behind.max(latest.saturating_sub(*moment));
        latest = latest.max(*moment);
    }
    let sql = "INSERT INTO audit_order (only, latest, behind) VALUES (1, ?1, ?2)
               ON CONFLICT (only) DO UPDATE SET latest = ?1, behind = ?2";
    execute(tx, sql, [latest, behind]).map(drop)
}

impl Store {
    /// Takes in all that was written until now.
    pub(super) fn index_audit(&self) -> Result<()> {
        while let Some(run) = self.read("read the newest events", gather)? {
            self.add("take events into the index", |tx| put(tx, &run))?;
        }
        Ok(())
    }
}

/// The thread that takes in what was written; it ends with the value.
pub(super) struct Indexing {
    wake: SyncSender<()>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Indexing {
    /// Begins with what is there.
    pub(super) fn begin(reader: Connection, writer: Arc<Writer>) -> Self {
        // One that waits is enough for all changes until then.
        let (wake, woken) = sync_channel(1);
        let (stop, stopped) = channel();
        let thread = thread::spawn(move || run(&reader, &writer, &woken, &stopped));
        let indexing = Self { wake, stop: Some(stop), thread: Some(thread) };
        indexing.after_a_change();
        indexing
    }

    /// Something may have been written.
    pub(super) fn after_a_change(&self) {
        // Full, and so it will be seen.
        let _ = self.wake.try_send(());
    }
}

impl Drop for Indexing {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.after_a_change();
        if let Some(thread) = self.thread.take() {
            // It has logged what went wrong.
            let _ = thread.join();
        }
    }
}

fn run(reader: &Connection, writer: &Writer, woken: &Receiver<()>, stopped: &Receiver<()>) {
    while woken.recv().is_ok() {
        let pause = stopped.recv_timeout(PAUSE);
        // What came until now is taken in below.
        let _ = woken.try_recv();
        if pause != Err(RecvTimeoutError::Timeout) {
            return;
        }
        let step = || {
            let Some(run) = gather(reader)? else { return Ok(false) };
            writer.attempt(Effect::Adds, |tx| Ok((put(tx, &run)?, true))).map(|()| true)
        };
        let taken_in = loop {
            match step() {
                Ok(true)
                    if stopped.try_recv().is_err_and(|end| end == std::sync::mpsc::TryRecvError::Empty) => {}
                Ok(_) => break Ok(()),
                Err(error) => break Err::<_, sql::Error>(error),
            }
        };
        if let Err(error) = taken_in {
            tracing::warn!(%error, "events are taken into the index when they are looked up");
        }
    }
}

/// Holds the index against the rows of the trail, one after the other.
pub(super) struct Checked<'c> {
    c: &'c Connection,
    reach: i64,
    behind: i64,
    latest: i64,
    /// The run that the next row is in.
    last: i64,
    rows: HashMap<i64, BTreeSet<(String, String)>>,
    is_sound: bool,
}

impl<'c> Checked<'c> {
    /// The rows after this one.
    pub(super) fn after(c: &'c Connection, row: i64) -> sql::Result<Self> {
        let (reach, behind) = (reach(c)?, behind(c)?);
        Ok(Self { c, reach, behind, latest: i64::MIN, last: row, rows: HashMap::new(), is_sound: true })
    }

    /// Whether the next row is found by what it says and by nothing else, or is not taken in yet.
    pub(super) fn has(
        &mut self,
        (id, moment): (i64, i64),
        source: &str,
        name: &str,
        event: &str,
    ) -> sql::Result<bool> {
        if id > self.reach {
            return Ok(true);
        }
        if id > self.last {
            self.load(id)?;
        }
        let is_in_order = self.latest.saturating_sub(moment) <= self.behind;
        self.latest = self.latest.max(moment);
        let found = self.rows.remove(&id).unwrap_or_default();
        let said = terms_of(moment, source, name, event);
        let is_found = found.iter().map(|(field, value)| (field.as_str(), value.as_str()));
        Ok(self.is_sound
            && is_in_order
            && is_found.eq(said.iter().map(|(field, value)| (*field, value.as_str()))))
    }

    /// The run of this row.
    fn load(&mut self, id: i64) -> sql::Result<()> {
        let number = |sql: &str| {
            let found = one(self.c, sql, [id], |row| row.get::<_, Option<i64>>(0))?;
            Ok::<_, sql::Error>(found.flatten())
        };
        let last = number("SELECT min(last) FROM audit_term WHERE last >= ?1")?.unwrap_or(id);
        let before = number("SELECT max(last) FROM audit_term WHERE last < ?1")?.unwrap_or(0);
        self.rows.clear();
        let sql = "SELECT field, value, rows FROM audit_term WHERE last = ?1";
        let terms = all(self.c, sql, [last], |row| {
            Ok(((row.get::<_, String>(0)?, row.get::<_, String>(1)?), row.get::<_, Vec<u8>>(2)?))
        })?;
        for (term, rows) in terms {
            let Some(rows) = decode(&rows, last) else {
                self.is_sound = false;
                continue;
            };
            for row in rows {
                self.is_sound &= before < row && row <= last;
                self.rows.entry(row).or_default().insert(term.clone());
            }
        }
        self.last = last;
        Ok(())
    }
}
