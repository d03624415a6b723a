//! All that an instance remembers as lines of JSON, and back: from one database into another, whichever of the two kinds
//! each is. What triggers derive from other tables is left out; they derive it again.
//!
//! The first line says what it is; each other is a table with its columns, or a row of the table named last; and the
//! last line says how many rows there are, and seals it all with the instance's key: who may write where an export lies
//! is not to make themselves an administrator.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, Write},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::secret::{InstanceKey, Sealing};

use super::{
    MIGRATIONS, Result, Store, all,
    sql::{self, Bound, Connection, Error, Row, UNLIMITED, params_from_iter},
};

/// What the first line says.
const FORMAT: &str = "latchkey-server export 2";
const SEAL: &str = "export 2";
/// Rows that are read, and rows that are written, at once.
const READ: usize = 500;
const WRITE: usize = 50;
/// What is derived from other tables, or holds for one database.
const LEFT_OUT: [&str; 4] = ["directory_size", "user_number", "revision", "limit_owed"];
/// The parents of units come before them in this order.
const UNITS: &str = "organizational_unit";

#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    /// The number of migrations.
    schema: usize,
}

#[derive(Serialize, Deserialize)]
struct Table {
    table: String,
    columns: Vec<String>,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is not what was exported.
    #[error("line {0} is not an export's")]
    Line(usize),
    /// It was not written to its end.
    #[error("the export is cut off: its last line is missing")]
    CutOff,
    /// The key's seal is not on it.
    #[error(
        "it was changed since it was written, or is another instance's. Was `instance.key` copied from the first data folder?"
    )]
    Seal,
    /// Another version's.
    #[error("it is the export of a version with schema {0}; this one has {1}: export with the same version")]
    Schema(usize, usize),
    /// Something is there already.
    #[error("the database is not empty; import into one that no server has served yet")]
    NotEmpty,
}

/// A table as it stands in a database.
struct Known {
    name: String,
    columns: Vec<String>,
    /// The columns it is ordered by; what they hold is one row's alone.
    order: Vec<String>,
    /// The tables that must stand before it.
    needs: BTreeSet<String>,
}

fn pairs(c: &Connection, sql: &str) -> sql::Result<Vec<(String, String)>> {
    all(c, sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// All tables, each after those that it needs.
fn tables(c: &Connection) -> sql::Result<Vec<Known>> {
    let (columns, keys, needs) = if c.is_postgres() {
        (
            "SELECT table_name::text, column_name::text FROM information_schema.columns
             WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position",
            "SELECT t.relname::text, a.attname::text FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (i.indkey)
             WHERE i.indisprimary AND t.relnamespace = current_schema()::regnamespace
             ORDER BY t.relname, array_position(i.indkey::int2[], a.attnum)",
            "SELECT t.relname::text, n.relname::text FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid
             JOIN pg_class n ON n.oid = k.confrelid WHERE k.contype = 'f'
             AND t.relnamespace = current_schema()::regnamespace",
        )
    } else {
        (
            "SELECT t.name, c.name FROM pragma_table_list t, pragma_table_xinfo(t.name) c
             WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND c.hidden = 0
             ORDER BY t.name, c.cid",
            "SELECT t.name, c.name FROM pragma_table_list t, pragma_table_xinfo(t.name) c
             WHERE t.schema = 'main' AND t.type = 'table' AND c.pk > 0 ORDER BY t.name, c.pk",
            "SELECT t.name, f.\"table\" FROM pragma_table_list t, pragma_foreign_key_list(t.name) f
             WHERE t.schema = 'main' AND t.type = 'table'",
        )
    };
    let mut found: BTreeMap<String, Known> = BTreeMap::new();
    for (table, column) in pairs(c, columns)? {
        if !LEFT_OUT.contains(&table.as_str()) {
            let (order, needs) = (Vec::new(), BTreeSet::new());
            let fresh = Known { name: table.clone(), columns: Vec::new(), order, needs };
            found.entry(table).or_insert(fresh).columns.push(column);
        }
    }
    for (table, column) in pairs(c, keys)? {
        if let Some(known) = found.get_mut(&table) {
            known.order.push(column);
        }
    }
    for (table, needed) in pairs(c, needs)? {
        if let Some(known) = found.get_mut(&table).filter(|known| known.name != needed) {
            known.needs.insert(needed);
        }
    }
    if let Some(units) = found.get_mut(UNITS) {
        units.order = vec!["path".to_owned()];
    }
    let (mut sorted, mut done) = (Vec::new(), BTreeSet::new());
    while !found.is_empty() {
        let ready = found.values().find(|known| known.needs.is_subset(&done)).map(|known| known.name.clone());
        let Some(known) = ready.and_then(|name| found.remove(&name)) else {
            return Err(Error::conversion("tables need each other"));
        };
        done.insert(known.name.clone());
        sorted.push(known);
    }
    Ok(sorted)
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

fn numbered(from: usize, count: usize) -> String {
    (from..from + count).map(|number| format!("?{number}")).collect::<Vec<_>>().join(", ")
}

/// What stands in a column: bytes as Base64 in an object.
fn read_value(row: &Row<'_>, column: usize) -> sql::Result<Value> {
    row.with(column, |found| match found {
        Bound::Null => Value::Null,
        Bound::Whole(number) => number.into(),
        Bound::Text(text) => text.into(),
        Bound::Bytes(bytes) => serde_json::json!({ "bytes": BASE64_STANDARD.encode(bytes) }),
    })
}

/// A value on its way in.
enum Held {
    Null,
    Whole(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Held {
    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Null,
            Value::Number(number) => Self::Whole(number.as_i64()?),
            Value::String(text) => Self::Text(text.clone()),
            Value::Object(object) => {
                Self::Bytes(BASE64_STANDARD.decode(object.get("bytes")?.as_str()?).ok()?)
            }
            _ => return None,
        })
    }

    fn bound(&self) -> Bound<'_> {
        match self {
            Self::Null => Bound::Null,
            Self::Whole(number) => Bound::Whole(*number),
            Self::Text(text) => Bound::Text(text),
            Self::Bytes(bytes) => Bound::Bytes(bytes),
        }
    }
}

fn written(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Outside(error.into())
}

/// Seals what goes through it.
struct Sealed<'o, W> {
    out: &'o mut W,
    sealing: Sealing,
}

impl<W: Write> Write for Sealed<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.sealing.put(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

fn line(out: &mut impl Write, value: &impl Serialize) -> sql::Result<()> {
    serde_json::to_writer(&mut *out, value).map_err(written)?;
    out.write_all(b"\n").map_err(written)
}

impl Store {
    /// Writes all there is, as it stands at one moment, whoever changes it meanwhile: how many rows.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails, or it cannot be written.
    pub fn export(&self, key: &InstanceKey, out: &mut impl Write) -> Result<u64> {
        self.read("export the instance", |c| {
            let mut sealed = Sealed { out: &mut *out, sealing: key.sealing(SEAL) };
            let out = &mut sealed;
            let steady = c.steady()?;
            let c: &Connection = &steady;
            line(out, &Head { format: FORMAT.to_owned(), schema: MIGRATIONS.len() })?;
            let mut count = 0;
            for Known { name, columns, order, .. } in tables(c)? {
                line(out, &Table { table: name.clone(), columns: columns.clone() })?;
                let (select, by) = (quoted(&columns), quoted(&order));
                let places: Vec<usize> =
                    order.iter().filter_map(|key| columns.iter().position(|column| column == key)).collect();
                let mut last: Option<Vec<Held>> = None;
                loop {
                    let after =
                        last.as_ref().map(|_| format!("WHERE ({by}) > ({})", numbered(1, order.len())));
                    let after = after.unwrap_or_default();
                    let sql = format!("SELECT {select} FROM \"{name}\" {after} ORDER BY {by} LIMIT {READ}");
                    let keys = params_from_iter(last.iter().flatten().map(Held::bound));
                    let rows = all(c, &sql, keys, |row| {
                        (0..columns.len())
                            .map(|column| read_value(row, column))
                            .collect::<sql::Result<Vec<_>>>()
                    })?;
                    for row in &rows {
                        line(out, row)?;
                        count += 1;
                    }
                    let Some(row) = rows.last().filter(|_| rows.len() == READ) else { break };
                    last = Some(places.iter().filter_map(|place| Held::of(row.get(*place)?)).collect());
                }
            }
            let Sealed { out, sealing } = sealed;
            line(out, &serde_json::json!({ "rows": count, "seal": sealing.seal() }))?;
            out.flush().map_err(written)?;
            Ok(count)
        })
    }

    /// Reads what [`Self::export`] wrote, into an empty database: all of it or nothing; how many rows.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails; else what is wrong with it.
    pub fn import(
        &self,
        key: &InstanceKey,
        from: &mut impl BufRead,
    ) -> Result<std::result::Result<u64, ImportError>> {
        self.attempt("import an instance", |tx| {
            let outcome = import(tx, key, from)?;
            let keep = outcome.is_ok();
            Ok((outcome, keep))
        })
    }
}

fn is_empty(c: &Connection) -> sql::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM organisation) OR EXISTS (SELECT 1 FROM audit)
                   OR EXISTS (SELECT 1 FROM user) OR EXISTS (SELECT 1 FROM client)";
    c.query_row(sql, [], |row| row.get::<_, bool>(0)).map(|any| !any)
}

/// Rows of one table that wait to be written together.
struct Waiting<'k> {
    known: &'k Known,
    columns: Vec<String>,
    rows: Vec<Vec<Held>>,
}

impl Waiting<'_> {
    fn write(&mut self, tx: &Connection) -> sql::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let width = self.columns.len();
        let values: Vec<String> =
            (0..self.rows.len()).map(|row| format!("({})", numbered(1 + row * width, width))).collect();
        let sql = format!(
            "INSERT INTO \"{}\" ({}) VALUES {}",
            self.known.name,
            quoted(&self.columns),
            values.join(", ")
        );
        let bound = params_from_iter(self.rows.iter().flatten().map(Held::bound));
        super::execute(tx, &sql, bound)?;
        self.rows.clear();
        Ok(())
    }
}

fn put_line(sealing: &mut Sealing, line: &str) {
    sealing.put(line.as_bytes());
    sealing.put(b"\n");
}

fn import(
    tx: &Connection,
    key: &InstanceKey,
    from: &mut impl BufRead,
) -> sql::Result<std::result::Result<u64, ImportError>> {
    if !is_empty(tx)? {
        return Ok(Err(ImportError::NotEmpty));
    }
    if tx.is_postgres() {
        // Lines may come slowly, from another machine.
        tx.execute_batch(UNLIMITED)?;
    }
    let known = tables(tx)?;
    // What the schema begins with, and what opening it has drawn.
    for table in known.iter().rev() {
        tx.execute(&format!("DELETE FROM \"{}\"", table.name), [])?;
    }
    let mut lines = from.lines().enumerate().map(|(index, line)| (index + 1, line));
    let mut sealing = key.sealing(SEAL);
    let first = lines.next().and_then(|(_, line)| line.ok());
    let head = first.as_deref().and_then(|line| serde_json::from_str::<Head>(line).ok());
    put_line(&mut sealing, first.as_deref().unwrap_or_default());
    let Some(head) = head.filter(|head| head.format == FORMAT) else { return Ok(Err(ImportError::Line(1))) };
    if head.schema != MIGRATIONS.len() {
        return Ok(Err(ImportError::Schema(head.schema, MIGRATIONS.len())));
    }
    let (mut waiting, mut count): (Option<Waiting<'_>>, u64) = (None, 0);
    for (number, line) in lines {
        let line = line.map_err(written)?;
        let wrong = || Ok(Err(ImportError::Line(number)));
        let Ok(value) = serde_json::from_str::<Value>(&line) else { return wrong() };
        if value.get("rows").is_none() {
            put_line(&mut sealing, &line);
        }
        match (&value, &mut waiting) {
            (Value::Array(row), Some(waiting)) if row.len() == waiting.columns.len() => {
                let Some(row) = row.iter().map(Held::of).collect::<Option<Vec<_>>>() else { return wrong() };
                waiting.rows.push(row);
                count += 1;
                if waiting.rows.len() >= WRITE {
                    waiting.write(tx)?;
                }
            }
            (Value::Object(object), open) => {
                if let Some(open) = open {
                    open.write(tx)?;
                }
                if let Some(rows) = object.get("rows") {
                    if rows.as_u64() != Some(count) {
                        return Ok(Err(ImportError::CutOff));
                    }
                    if !sealing.is(object.get("seal").and_then(Value::as_str).unwrap_or_default()) {
                        return Ok(Err(ImportError::Seal));
                    }
                    go_on_counting(tx)?;
                    return Ok(Ok(count));
                }
                let Ok(Table { table, columns }) = serde_json::from_value(value.clone()) else {
                    return wrong();
                };
                // Names go into statements: none but those that are there.
                let is_there = |known: &&Known| {
                    known.name == table && columns.iter().all(|column| known.columns.contains(column))
                };
                let Some(known) = known.iter().find(is_there) else { return wrong() };
                waiting = Some(Waiting { known, columns, rows: Vec::new() });
            }
            _ => return wrong(),
        }
    }
    Ok(Err(ImportError::CutOff))
}

/// Numbers that PostgreSQL draws go on after those that came in; SQLite looks itself.
fn go_on_counting(tx: &Connection) -> sql::Result<()> {
    if !tx.is_postgres() {
        return Ok(());
    }
    let drawn = "SELECT table_name::text, column_name::text FROM information_schema.columns
                 WHERE table_schema = current_schema() AND is_identity = 'YES'";
    for (table, column) in pairs(tx, drawn)? {
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), coalesce(max({column}), 0) + 1, false)
             FROM {table}"
        );
        tx.query_row(&sql, [], |_| Ok(()))?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "transfer_tests.rs"]
mod tests;
