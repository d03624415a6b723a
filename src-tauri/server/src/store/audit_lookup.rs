//! Looking events up, newest first, a page at a time.

use jiff::Timestamp;

use super::{
    Result, Store, all,
    audit::{Resource, resources_of},
    audit_index::{self, EVENT, KEY, NAME, RESOURCE, SOURCE, TYPE, USER, moment_in},
    millis, moment, one,
    sql::{self, Bound, Connection, Row, params, params_from_iter},
};

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

/// Runs of a term that are read at once.
const RUNS: i64 = 64;

/// A statement with its values. It is put together from constants alone.
struct Query<'q> {
    conditions: Vec<&'static str>,
    values: Vec<Bound<'q>>,
}

impl<'q> Query<'q> {
    fn with(&mut self, condition: &'static str, value: impl Into<Bound<'q>>) {
        self.conditions.push(condition);
        self.values.push(value.into());
    }

    /// All events that it is about, the newest first.
    fn sql(&self) -> String {
        let conditions = if self.conditions.is_empty() { "true" } else { &self.conditions.join(" AND ") };
        format!(
            "SELECT a.id, a.moment, a.source, a.name, a.event_id, a.username, a.access_key_id, a.read_only, a.event
             FROM audit a WHERE {conditions} ORDER BY a.id DESC"
        )
    }
}

fn event_from(row: &Row<'_>) -> sql::Result<FoundEvent> {
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
}

/// The first row from `id` on.
fn moment_from(c: &Connection, id: i64) -> sql::Result<Option<i64>> {
    one(c, "SELECT moment FROM audit WHERE id >= ?1 ORDER BY id LIMIT 1", [id], |row| row.get(0))
}

/// Finds a row by halves, between two that are not looked at: up to which `is_before` holds. Where moments are not in
/// order it is one of several.
fn divide(
    c: &Connection,
    (mut low, mut high): (i64, i64),
    is_before: impl Fn(i64) -> bool,
) -> sql::Result<(i64, i64)> {
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match moment_from(c, middle)? {
            Some(moment) if is_before(moment) => low = middle,
            _ => high = middle,
        }
    }
    Ok((low, high))
}

impl Lookup {
    /// What it is looked up by: the term that fewest events have, as a rule.
    fn term(&self) -> Option<(&'static str, &str)> {
        let terms = [
            (EVENT, &self.event_id),
            (KEY, &self.access_key_id),
            (RESOURCE, &self.resource_name),
            (USER, &self.username),
            (NAME, &self.name),
            (TYPE, &self.resource_type),
            (SOURCE, &self.source),
        ];
        terms.into_iter().find_map(|(field, value)| Some((field, value.as_deref()?)))
    }

    /// What a row itself must say.
    fn query(&self, from: Option<i64>, to: Option<i64>) -> Query<'_> {
        let mut query = Query { conditions: Vec::new(), values: Vec::new() };
        if let Some(from) = from {
            query.with("a.moment >= ?", from);
        }
        if let Some(to) = to {
            query.with("a.moment <= ?", to);
        }
        for (condition, value) in [
            ("a.username = ?", &self.username),
            ("a.name = ?", &self.name),
            ("a.source = ?", &self.source),
            ("a.event_id = ?", &self.event_id),
            ("a.access_key_id = ?", &self.access_key_id),
        ] {
            if let Some(value) = value {
                query.with(condition, value.as_str());
            }
        }
        if let Some(read_only) = self.read_only {
            query.with("a.read_only = ?", i64::from(read_only));
        }
        query
    }

    /// Whether one and the same resource is of that name and type.
    fn names_its_resource(&self, event: &str) -> bool {
        let (name, kind) = (self.resource_name.as_ref(), self.resource_type.as_ref());
        let body: serde_json::Value = serde_json::from_str(event).unwrap_or_default();
        let is_it = |resource: &Resource| {
            name.is_none_or(|name| *name == resource.name) && kind.is_none_or(|kind| *kind == resource.kind)
        };
        (name.is_none() && kind.is_none()) || resources_of(&body).iter().any(is_it)
    }

    fn run(&self, c: &Connection, limit: usize) -> sql::Result<Vec<FoundEvent>> {
        let (from, to) = (self.from.map(millis), self.to.map(millis));
        let Some(dated) = self.event_id.as_deref().and_then(moment_in) else {
            return self.between(c, (from, to), self.term(), limit);
        };
        // Its moment is in its id, unless somebody else drew that.
        let span =
            (Some(from.map_or(dated, |from| from.max(dated))), Some(to.map_or(dated, |to| to.min(dated))));
        let found = self.between(c, span, None, limit)?;
        if found.is_empty() { self.between(c, (from, to), self.term(), limit) } else { Ok(found) }
    }

    /// The events of a span of time, by a term if there is one.
    fn between(
        &self,
        c: &Connection,
        (from, to): (Option<i64>, Option<i64>),
        term: Option<(&'static str, &str)>,
        limit: usize,
    ) -> sql::Result<Vec<FoundEvent>> {
        let end =
            |sql: &str| Ok::<_, sql::Error>(one(c, sql, [], |row| row.get::<_, Option<i64>>(0))?.flatten());
        let (Some(first), Some(last)) =
            (end("SELECT min(id) FROM audit")?, end("SELECT max(id) FROM audit")?)
        else {
            return Ok(Vec::new());
        };
        let (mut low, mut high) = (first - 1, last + 1);
        let behind = audit_index::behind(c)?;
        if let Some(from) = from {
            // All before a row that is so much older are older too.
            low = divide(c, (low, high), |moment| moment < from.saturating_sub(behind))?.0 - 1;
        }
        if let Some(to) = to {
            high = divide(c, (first - 1, high), |moment| moment <= to.saturating_add(behind))?.1 + 1;
        }
        if let Some(after) = self.after {
            high = high.min(after.id);
        }
        let mut query = self.query(from, to);
        let Some(term) = term else {
            query.with("a.id > ?", low);
            query.with("a.id < ?", high);
            let sql = format!("{} LIMIT {limit}", query.sql());
            let mut found = all(c, &sql, params_from_iter(query.values), event_from)?;
            found.retain(|event| self.names_its_resource(&event.event));
            return Ok(found);
        };
        // The term says it already.
        let is_said = match term.0 {
            RESOURCE => self.resource_type.is_none(),
            TYPE => true,
            _ => self.resource_name.is_none() && self.resource_type.is_none(),
        };
        query.conditions.push("a.id = ?");
        let (sql, mut found) = (query.sql(), Vec::new());
        for_each_row(c, term, (low, high), |id| {
            let values = query.values.iter().copied().chain([id.into()]);
            let event = one(c, &sql, params_from_iter(values), event_from)?;
            found.extend(event.filter(|event| is_said || self.names_its_resource(&event.event)));
            Ok(found.len() < limit)
        })?;
        Ok(found)
    }
}

/// Goes through the rows that a term is said in, between two others and the newest first, until it is told to stop.
fn for_each_row(
    c: &Connection,
    (field, value): (&str, &str),
    (low, high): (i64, i64),
    mut visit: impl FnMut(i64) -> sql::Result<bool>,
) -> sql::Result<()> {
    // The run that the newest of these rows is in ends there or later.
    let sql = "SELECT min(last) FROM audit_term WHERE last >= ?1";
    let run = one(c, sql, [high - 1], |row| row.get::<_, Option<i64>>(0))?.flatten();
    let mut before = run.map_or(i64::MAX, |run| run + 1);
    let sql = "SELECT last, rows FROM audit_term WHERE field = ?1 AND value = ?2 AND last < ?3 AND last > ?4
               ORDER BY last DESC LIMIT ?5";
    loop {
        let runs = all(c, sql, params![field, value, before, low, RUNS], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        let Some((oldest, _)) = runs.last() else { return Ok(()) };
        before = *oldest;
        for (last, rows) in runs {
            let rows = audit_index::decode(&rows, last).unwrap_or_default();
            for row in rows.into_iter().filter(|row| low < *row && *row < high) {
                if !visit(row)? {
                    return Ok(());
                }
            }
        }
    }
}

impl Store {
    /// At most `limit` events, newest first: as they were recorded.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn look_up_audit(&self, wanted: &Lookup, limit: usize) -> Result<Vec<FoundEvent>> {
        self.index_audit()?;
        self.read("look events up", |c| wanted.run(c, limit))
    }
}
