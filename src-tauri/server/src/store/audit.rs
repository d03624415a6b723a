//! The audit trail: appended, never changed.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::Value;

use super::{Result, Store, audit_chain, millis};
use crate::secret::InstanceKey;

/// An event as it is written. Changes that cannot be undone take theirs along into their transaction: what
/// cannot be recorded must not happen.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// When.
    pub moment: Timestamp,
    /// `eventSource`.
    pub source: String,
    /// `eventName`.
    pub name: String,
    /// The whole event as JSON.
    pub event: String,
    /// The resources it names ([`resources_of`]).
    pub resources: Vec<Resource>,
    /// What the chain is sealed under.
    pub key: InstanceKey,
}

#[cfg(test)]
impl AuditEntry {
    /// One that tells nothing, for tests of what is written with it.
    pub fn empty(moment: Timestamp) -> Self {
        let key = InstanceKey::new([7; 32]);
        Self {
            moment,
            source: String::new(),
            name: String::new(),
            event: "{}".to_owned(),
            resources: Vec::new(),
            key,
        }
    }
}

/// Something that an event was about, as it is looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// Such as `AWS::SSO::PermissionSet`.
    pub kind: String,
    /// The last part of its ARN.
    pub name: String,
}

/// The resources that an event names, each once.
pub fn resources_of(event: &Value) -> Vec<Resource> {
    let named = event["resources"].as_array().into_iter().flatten().filter_map(|resource| {
        let arn = resource["ARN"].as_str()?;
        let name = arn.rsplit_once('/').map_or(arn, |(_, name)| name).to_owned();
        Some(Resource { kind: resource["type"].as_str()?.to_owned(), name })
    });
    let mut all: Vec<Resource> = named.collect();
    all.sort();
    all.dedup();
    all
}

fn resources_in(event: &str) -> Vec<Resource> {
    serde_json::from_str(event).map(|event| resources_of(&event)).unwrap_or_default()
}

pub(super) fn append(tx: &Connection, entry: &AuditEntry) -> rusqlite::Result<()> {
    let moment = millis(entry.moment);
    let id = audit_chain::append(tx, &entry.key, moment, [&entry.source, &entry.name, &entry.event])?;
    let sql = "INSERT INTO audit_resource (name, moment, audit, type) VALUES (?1, ?2, ?3, ?4)";
    for resource in &entry.resources {
        tx.prepare_cached(sql)?.execute(params![resource.name, moment, id, resource.kind])?;
    }
    Ok(())
}

/// Whether a row is found by the resources it names and by no others.
pub(super) fn is_found_by_what_it_says(
    c: &Connection,
    id: i64,
    moment: i64,
    event: &str,
) -> rusqlite::Result<bool> {
    let mut statement = c.prepare_cached(
        "SELECT type, name, moment FROM audit_resource WHERE audit = ?1 ORDER BY type, name",
    )?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok((Resource { kind: row.get(0)?, name: row.get(1)? }, row.get::<_, i64>(2)?))
    };
    let found = statement.query_map([id], read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(found.iter().all(|(_, at)| *at == moment)
        && found.into_iter().map(|(resource, _)| resource).eq(resources_in(event)))
}

impl Store {
    /// Appends events.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails; then none is there.
    pub fn append_audit(&self, entries: &[AuditEntry]) -> Result<()> {
        self.write("append to the audit trail", |tx| entries.iter().try_for_each(|entry| append(tx, entry)))
    }

    /// Makes appending fail from now on, or work again.
    #[cfg(test)]
    pub fn refuse_audit(&self, refuse: bool) {
        self.write("break the audit trail", |tx| {
            tx.execute_batch(if refuse {
                "CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END"
            } else {
                "DROP TRIGGER refuse"
            })
        })
        .expect("a trigger can be made and dropped");
    }

    /// Does to the database what somebody with access to it could.
    #[cfg(test)]
    pub fn tamper(&self, sql: &str) {
        self.write("tamper", |tx| tx.execute_batch(sql)).expect("the statement is valid");
    }

    /// Names and bodies of all events, oldest first.
    #[cfg(test)]
    pub fn audit_trail(&self) -> Vec<(String, serde_json::Value)> {
        self.read("read the audit trail", |c| {
            let mut statement = c.prepare("SELECT name, event FROM audit ORDER BY id")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
            rows.map(|row| {
                row.map(|(name, event)| (name, serde_json::from_str(&event).expect("events are JSON")))
            })
            .collect()
        })
        .expect("the trail can be read")
    }
}
