//! What may go wrong with a statement.

use rusqlite::ffi;

use super::Fault;

pub(in crate::store) type Result<T, E = Error> = std::result::Result<T, E>;

/// A statement failed. No value is in its words.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no row.
    #[error("there is no such row")]
    NoRow,
    /// What a column holds is not what is read from it, or the other way round.
    #[error("a column does not hold what it should: {0}")]
    Conversion(Box<dyn std::error::Error + Send + Sync>),
    /// Where it comes from or goes to failed.
    #[error("{0}")]
    Outside(Box<dyn std::error::Error + Send + Sync>),
    /// SQLite's words.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL's.
    #[error(transparent)]
    Postgres(#[from] Fault),
    /// Somebody else's change that shared the transaction undid it.
    #[error("{0}")]
    Undone(String),
}

/// An error that several share.
#[derive(Debug, Clone)]
pub(in crate::store) enum Failure {
    Sqlite(ffi::Error, Option<String>),
    Postgres(Fault),
    Other(String),
}

impl Error {
    /// That something is not what a column should hold.
    pub(in crate::store) fn conversion(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Conversion(cause.into())
    }

    /// SQLite's kind of it, if it has one.
    pub(in crate::store) fn sqlite_code(&self) -> Option<rusqlite::ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            _ => None,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Sqlite(rusqlite::Error::SqliteFailure(code, words)) => Self::Sqlite(code, words),
            Error::Postgres(fault) => Self::Postgres(fault),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Sqlite(code, words) => Self::Sqlite(rusqlite::Error::SqliteFailure(code, words)),
            Failure::Postgres(fault) => Self::Postgres(fault),
            Failure::Other(words) => Self::Undone(words),
        }
    }
}

/// A row that need not be there.
pub(in crate::store) trait OptionalExtension<T> {
    /// None if it is not.
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalExtension<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(Error::NoRow) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
