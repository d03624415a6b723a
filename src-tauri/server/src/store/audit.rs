//! The audit trail: appended, never changed.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Result, Store, audit_chain,
    sql::{self, Connection},
};
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
    /// What the chain is sealed under.
    pub key: InstanceKey,
}

#[cfg(test)]
impl AuditEntry {
    /// One that tells nothing, for tests of what is written with it.
    pub fn empty(moment: Timestamp) -> Self {
        let key = InstanceKey::new([7; 32]);
        Self { moment, source: String::new(), name: String::new(), event: "{}".to_owned(), key }
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

pub(super) fn append(tx: &Connection, entry: &AuditEntry) -> sql::Result<()> {
    audit_chain::append(tx, [entry])
}

impl Store {
    /// Appends events.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails; then none is there.
    pub fn append_audit(&self, entries: &[AuditEntry]) -> Result<()> {
        self.add("append to the audit trail", |tx| audit_chain::append(tx, entries))
    }

    /// Refuses every new event, or takes them again.
    #[cfg(test)]
    pub fn refuse_audit(&self, refuse: bool) {
        self.refuse("audit", refuse);
    }

    /// Refuses every new row of a table, or takes them again.
    #[cfg(test)]
    pub fn refuse(&self, table: &str, refuse: bool) {
        let sql = |tx: &Connection| match (refuse, tx.is_postgres()) {
            (true, false) => {
                format!(
                    "CREATE TRIGGER refuse BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no room'); END"
                )
            }
            (false, false) => "DROP TRIGGER refuse".to_owned(),
            (true, true) => format!(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'no room'; END $$;
                 CREATE TRIGGER refuse BEFORE INSERT ON {table} EXECUTE FUNCTION refuse()"
            ),
            (false, true) => "DROP FUNCTION refuse() CASCADE".to_owned(),
        };
        self.write("refuse rows", |tx| tx.execute_batch(&sql(tx)))
            .expect("a trigger can be made and dropped");
    }

    /// Changes the database behind the server's back.
    #[cfg(test)]
    pub fn tamper(&self, sql: &str) {
        let tamper = |tx: &Connection| match tx.is_postgres() {
            true => tx.execute_batch(&super::testing::in_postgres(sql)),
            false => tx.execute_batch(sql),
        };
        self.write("tamper", tamper).expect("the statement is valid");
    }

    /// Names and bodies of all events, oldest first.
    #[cfg(test)]
    pub fn audit_trail(&self) -> Vec<(String, serde_json::Value)> {
        self.read("read the audit trail", |c| {
            let mut statement = c.prepare_cached("SELECT name, event FROM audit ORDER BY id")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
            rows.map(|row| {
                row.map(|(name, event)| (name, serde_json::from_str(&event).expect("events are JSON")))
            })
            .collect()
        })
        .expect("the trail can be read")
    }
}
