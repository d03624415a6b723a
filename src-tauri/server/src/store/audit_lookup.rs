//! Looking events up, newest first, a page at a time.

use jiff::Timestamp;
use rusqlite::{ToSql, types::Value};

use super::{Result, Store, millis, moment};

/// What is looked for; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not after.
    pub to: Option<Timestamp>,
    /// The user name of who did it.
    pub username: Option<String>,
    /// `eventName`.
    pub name: Option<String>,
    /// `eventSource`.
    pub source: Option<String>,
    /// `eventID`.
    pub event_id: Option<String>,
    /// The access key that signed the request.
    pub access_key_id: Option<String>,
    /// Whether nothing was changed.
    pub read_only: Option<bool>,
    /// The name of something it was about.
    pub resource_name: Option<String>,
    /// The type of something it was about.
    pub resource_type: Option<String>,
    /// Only what is older than this, the last event of the page before.
    pub after: Option<Position>,
}

/// Where an event stands among all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Epoch milliseconds.
    pub moment: i64,
    /// The row.
    pub id: i64,
}

/// An event that was found.
#[derive(Debug, Clone)]
pub struct FoundEvent {
    /// Where it stands.
    pub position: Position,
    /// When.
    pub moment: Timestamp,
    /// `eventSource`.
    pub source: String,
    /// `eventName`.
    pub name: String,
    /// `eventID`.
    pub event_id: Option<String>,
    /// The user name of who did it.
    pub username: Option<String>,
    /// The access key that signed the request.
    pub access_key_id: Option<String>,
    /// Whether nothing was changed.
    pub read_only: Option<bool>,
    /// The whole event as JSON.
    pub event: String,
}

/// A statement with its values. It is put together from constants alone.
struct Query {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Query {
    fn with(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        let mut condition = condition.to_owned();
        for value in values {
            self.values.push(value);
            condition = condition.replacen('?', &format!("${}", self.values.len()), 1);
        }
        self.conditions.push(condition);
    }
}

impl Lookup {
    fn query(&self, limit: usize) -> (String, Vec<Value>) {
        let mut query = Query { conditions: Vec::new(), values: Vec::new() };
        let by_resource = self.resource_name.is_some() || self.resource_type.is_some();
        // The order is the index's own, so that a page costs the same wherever it is.
        let (moment, id) = if by_resource { ("r.moment", "r.audit") } else { ("a.moment", "a.id") };
        if let Some(from) = self.from {
            query.with(&format!("{moment} >= ?"), [millis(from).into()]);
        }
        if let Some(to) = self.to {
            query.with(&format!("{moment} <= ?"), [millis(to).into()]);
        }
        if let Some(after) = self.after {
            query.with(&format!("({moment}, {id}) < (?, ?)"), [after.moment.into(), after.id.into()]);
        }
        for (column, value) in [
            ("a.username", &self.username),
            ("a.name", &self.name),
            ("a.source", &self.source),
            ("a.event_id", &self.event_id),
            ("a.access_key_id", &self.access_key_id),
            ("r.name", &self.resource_name),
            ("r.type", &self.resource_type),
        ] {
            if let Some(value) = value {
                query.with(&format!("{column} = ?"), [value.clone().into()]);
            }
        }
        if let Some(read_only) = self.read_only {
            query.with("a.read_only = ?", [i64::from(read_only).into()]);
        }
        let table = if by_resource { "audit_resource r JOIN audit a ON a.id = r.audit" } else { "audit a" };
        let conditions =
            if query.conditions.is_empty() { "true".to_owned() } else { query.conditions.join(" AND ") };
        let sql = format!(
            "SELECT DISTINCT a.id, a.moment, a.source, a.name, a.event_id, a.username, a.access_key_id, \
             a.read_only, a.event FROM {table} WHERE {conditions} ORDER BY {moment} DESC, {id} DESC LIMIT {limit}"
        );
        (sql, query.values)
    }
}

impl Store {
    /// At most `limit` events, newest first.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn look_up_audit(&self, wanted: &Lookup, limit: usize) -> Result<Vec<FoundEvent>> {
        let (sql, values) = wanted.query(limit);
        self.read("look events up", |c| {
            let mut statement = c.prepare_cached(&sql)?;
            let values: Vec<&dyn ToSql> = values.iter().map(|value| -> &dyn ToSql { value }).collect();
            let rows = statement.query_map(values.as_slice(), |row| {
                Ok(FoundEvent {
                    position: Position { moment: row.get("moment")?, id: row.get("id")? },
                    moment: moment(row, "moment")?,
                    source: row.get("source")?,
                    name: row.get("name")?,
                    event_id: row.get("event_id")?,
                    username: row.get("username")?,
                    access_key_id: row.get("access_key_id")?,
                    read_only: row.get("read_only")?,
                    event: row.get("event")?,
                })
            })?;
            rows.collect()
        })
    }

    /// How the database would go about a look-up.
    #[cfg(test)]
    pub fn plan_of(&self, wanted: &Lookup) -> String {
        let (sql, values) = wanted.query(50);
        self.read("explain", |c| {
            let mut statement = c.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let values: Vec<&dyn ToSql> = values.iter().map(|value| -> &dyn ToSql { value }).collect();
            let rows = statement.query_map(values.as_slice(), |row| row.get::<_, String>("detail"))?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?.join("; "))
        })
        .expect("the statement is valid")
    }
}
