//! What the store says its statements to. They are written once, in the words that both databases understand, with
//! `?1`-numbered parameters.
#![allow(
    clippy::needless_pass_by_value,
    reason = "called as rusqlite is, with arrays and lists of parameters"
)]

mod error;
pub(super) mod postgres;
mod value;

use std::ops::Deref;

pub(super) use error::{Error, Failure, OptionalExtension, Result};
pub use postgres::AddressError;
pub(super) use postgres::{Fault, Server, Session, UNLIMITED, WRITERS};
pub(super) use value::{Bound, FromSql, Params, ToSql, params, params_from_iter};

use value::Found;

/// A connection to the database.
pub(super) enum Connection {
    /// One machine's.
    Sqlite(rusqlite::Connection),
    /// That of many.
    Postgres(Session),
}

/// A statement that is ready to run. It stays so in its connection.
pub(super) enum Statement<'c> {
    Sqlite(rusqlite::CachedStatement<'c>),
    Postgres { session: &'c Session, sql: String },
}

/// A row that was found.
pub(super) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

/// The rows of a statement, read as they come.
pub(super) enum Rows<'s> {
    Sqlite(rusqlite::Rows<'s>),
    /// They have all come: statements say how many they are at most.
    Postgres {
        rows: std::vec::IntoIter<tokio_postgres::Row>,
        now: Option<tokio_postgres::Row>,
    },
}

/// Rows as something else.
pub(super) struct MappedRows<'s, F> {
    rows: Rows<'s>,
    read: F,
}

/// One state of the database for all that is read, whoever else writes meanwhile.
pub(super) struct Steady<'c> {
    connection: &'c Connection,
    _transaction: Option<rusqlite::Transaction<'c>>,
}

/// A connection that reads.
pub(super) struct Reading<'c>(&'c Connection);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if let Connection::Postgres(session) = self.0 {
            session.end_reading();
        }
    }
}

impl Deref for Reading<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

/// The name or the number of a column.
pub(super) trait Column:
    rusqlite::RowIndex + tokio_postgres::row::RowIndex + std::fmt::Display
{
}

impl Column for usize {}
impl Column for &str {}

impl Connection {
    /// SQLite's, for what only it has.
    pub(super) fn sqlite(&self) -> Option<&rusqlite::Connection> {
        match self {
            Self::Sqlite(connection) => Some(connection),
            Self::Postgres(_) => None,
        }
    }

    /// Whether it is PostgreSQL's, where two texts stand side by side.
    pub(super) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// A statement that stays prepared.
    pub(super) fn prepare_cached(&self, sql: &str) -> Result<Statement<'_>> {
        match self {
            Self::Sqlite(connection) => Ok(Statement::Sqlite(connection.prepare_cached(sql)?)),
            Self::Postgres(session) => Ok(Statement::Postgres { session, sql: sql.to_owned() }),
        }
    }

    /// How many rows a statement changed that seldom runs.
    pub(super) fn execute(&self, sql: &str, parameters: impl Params) -> Result<usize> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute(sql, value::bind(&parameters))?),
            Self::Postgres(session) => Ok(session.execute(sql, &parameters)?),
        }
    }

    /// The only row of a statement that seldom runs.
    pub(super) fn query_row<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        match self {
            Self::Sqlite(connection) => {
                first(connection.prepare(sql)?.query(value::bind(&parameters))?, read)
            }
            Self::Postgres(session) => first_of(&session.query(sql, &parameters)?, read),
        }
    }

    /// Runs statements without parameters.
    pub(super) fn execute_batch(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Self::Postgres(session) => Ok(session.batch(sql).map(drop)?),
        }
    }

    /// Whether no transaction is open.
    pub(super) fn is_autocommit(&self) -> bool {
        match self {
            Self::Sqlite(connection) => connection.is_autocommit(),
            Self::Postgres(session) => !session.is_open(),
        }
    }

    /// Runs what begins or ends a part of a transaction.
    pub(super) fn command(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.prepare_cached(sql)?.execute([]).map(drop)?),
            Self::Postgres(session) => Ok(session.batch(sql).map(drop)?),
        }
    }

    /// Begins to read, where each statement would see another state otherwise, until the value is dropped.
    pub(super) fn reading(&self) -> Result<Reading<'_>> {
        if let Self::Postgres(session) = self {
            session.begin_reading()?;
        }
        Ok(Reading(self))
    }

    /// Reads one state of the database until the value is dropped.
    pub(super) fn steady(&self) -> Result<Steady<'_>> {
        let transaction = match self {
            Self::Sqlite(connection) => Some(connection.unchecked_transaction()?),
            // All that reads does so there.
            Self::Postgres(_) => None,
        };
        Ok(Steady { connection: self, _transaction: transaction })
    }
}

impl Deref for Steady<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Statement<'_> {
    /// How many rows it changed.
    pub(super) fn execute(&mut self, parameters: impl Params) -> Result<usize> {
        match self {
            Self::Sqlite(statement) => Ok(statement.execute(value::bind(&parameters))?),
            Self::Postgres { session, sql } => Ok(session.execute(sql, &parameters)?),
        }
    }

    /// The same with each of these parameters, which may not depend on each other; nothing is kept of them if one fails,
    /// once the transaction is undone.
    pub(super) fn execute_each(&mut self, all: &[impl Params]) -> Result<Vec<usize>> {
        match self {
            Self::Sqlite(statement) => {
                let execute = |parameters| Ok(statement.execute(value::bind(parameters))?);
                all.iter().map(execute).collect()
            }
            Self::Postgres { session, sql } => Ok(session.execute_each(sql, all)?),
        }
    }

    /// Its rows.
    pub(super) fn query(&mut self, parameters: impl Params) -> Result<Rows<'_>> {
        match self {
            Self::Sqlite(statement) => Ok(Rows::Sqlite(statement.query(value::bind(&parameters))?)),
            Self::Postgres { session, sql } => {
                Ok(Rows::Postgres { rows: session.query(sql, &parameters)?.into_iter(), now: None })
            }
        }
    }

    /// Its rows as something else.
    pub(super) fn query_map<T, F: FnMut(&Row<'_>) -> Result<T>>(
        &mut self,
        parameters: impl Params,
        read: F,
    ) -> Result<MappedRows<'_, F>> {
        Ok(MappedRows { rows: self.query(parameters)?, read })
    }

    /// Its only row.
    pub(super) fn query_row<T>(
        &mut self,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        match self {
            Self::Sqlite(statement) => first(statement.query(value::bind(&parameters))?, read),
            Self::Postgres { session, sql } => first_of(&session.query(sql, &parameters)?, read),
        }
    }
}

fn first<T>(mut rows: rusqlite::Rows<'_>, read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<T> {
    rows.next()?.map_or(Err(Error::NoRow), |row| read(&Row::Sqlite(row)))
}

fn first_of<T>(rows: &[tokio_postgres::Row], read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<T> {
    rows.first().map_or(Err(Error::NoRow), |row| read(&Row::Postgres(row)))
}

impl Rows<'_> {
    /// The next one.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>> {
        match self {
            Self::Sqlite(rows) => Ok(rows.next()?.map(Row::Sqlite)),
            Self::Postgres { rows, now } => {
                *now = rows.next();
                Ok(now.as_ref().map(Row::Postgres))
            }
        }
    }
}

impl<T, F: FnMut(&Row<'_>) -> Result<T>> Iterator for MappedRows<'_, F> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let Self { rows, read } = self;
        rows.next().transpose().map(|row| read(&row?))
    }
}

impl Row<'_> {
    /// What stands in a column, whatever that is.
    pub(super) fn with<T>(&self, column: usize, read: impl FnOnce(Bound<'_>) -> T) -> Result<T> {
        match self {
            Self::Sqlite(row) => Ok(read(Found::from_sqlite(row.get_ref(column)?).into())),
            Self::Postgres(row) => {
                let found = row.try_get::<_, postgres::Any<'_>>(column).map_err(Error::conversion)?;
                Ok(read(found.0.into()))
            }
        }
    }

    /// The value of a column.
    pub(super) fn get<C: Column, T: FromSql>(&self, column: C) -> Result<T> {
        match self {
            Self::Sqlite(row) => T::from_sql(Found::from_sqlite(row.get_ref(column)?)),
            Self::Postgres(row) => {
                let found = row.try_get::<_, postgres::Any<'_>>(column).map_err(Error::conversion)?;
                T::from_sql(found.0)
            }
        }
    }
}
