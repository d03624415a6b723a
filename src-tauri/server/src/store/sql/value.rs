//! The values of parameters and columns: whole numbers, text, bytes, or nothing.

use rusqlite::types::{ToSqlOutput, ValueRef};

use super::{Error, Result};

/// The value of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Bound<'v> {
    Null,
    Whole(i64),
    Text(&'v str),
    Bytes(&'v [u8]),
}

impl From<i64> for Bound<'_> {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl<'v> From<&'v str> for Bound<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(text)
    }
}

/// The value of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Found<'r> {
    Null,
    Whole(i64),
    Text(&'r str),
    Bytes(&'r [u8]),
}

impl<'r> From<Found<'r>> for Bound<'r> {
    fn from(found: Found<'r>) -> Self {
        match found {
            Found::Null => Self::Null,
            Found::Whole(number) => Self::Whole(number),
            Found::Text(text) => Self::Text(text),
            Found::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}

impl<'r> Found<'r> {
    /// What stands in a column of SQLite's. There are no others in its strict tables.
    pub(super) fn from_sqlite(value: ValueRef<'r>) -> Found<'r> {
        match value {
            ValueRef::Integer(number) => Found::Whole(number),
            ValueRef::Text(text) => std::str::from_utf8(text).map_or(Found::Bytes(text), Found::Text),
            ValueRef::Blob(bytes) => Found::Bytes(bytes),
            ValueRef::Null | ValueRef::Real(_) => Found::Null,
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Whole(_) => "a number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }

    fn instead_of(self, wanted: &str) -> Error {
        Error::conversion(format!("{} instead of {wanted}", self.kind()))
    }
}

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Whole(number) => ValueRef::Integer(number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// What may be the value of a parameter.
pub(in crate::store) trait ToSql {
    /// The value.
    fn bound(&self) -> Bound<'_>;
}

/// What may be read from a column.
pub(in crate::store) trait FromSql: Sized {
    /// Reads it.
    fn from_sql(found: Found<'_>) -> Result<Self>;
}

/// The values of a statement's parameters.
pub(in crate::store) trait Params {
    /// All of them.
    fn bound(&self) -> impl Iterator<Item = Bound<'_>>;
}

/// They as SQLite takes them.
pub(super) fn bind(parameters: &impl Params) -> impl rusqlite::Params + '_ {
    rusqlite::params_from_iter(parameters.bound())
}

/// Values of several types.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &dyn $crate::store::sql::ToSql),*] as &[&dyn $crate::store::sql::ToSql]
    };
}
pub(in crate::store) use params;

/// As many values as there are.
pub(in crate::store) fn params_from_iter<T: ToSql>(values: impl IntoIterator<Item = T>) -> impl Params {
    Many(values.into_iter().collect())
}

struct Many<T>(Vec<T>);

impl<T: ToSql> Params for Many<T> {
    fn bound(&self) -> impl Iterator<Item = Bound<'_>> {
        self.0.iter().map(ToSql::bound)
    }
}

impl Params for &[&dyn ToSql] {
    fn bound(&self) -> impl Iterator<Item = Bound<'_>> {
        self.iter().map(|value| value.bound())
    }
}

/// No values: of no type in particular.
impl Params for [&dyn ToSql; 0] {
    fn bound(&self) -> impl Iterator<Item = Bound<'_>> {
        std::iter::empty()
    }
}

macro_rules! arrays {
    ($($number:literal)*) => {$(
        impl<T: ToSql> Params for [T; $number] {
            fn bound(&self) -> impl Iterator<Item = Bound<'_>> {
                self.iter().map(ToSql::bound)
            }
        }
    )*};
}
arrays!(1 2 3 4 5 6 10);

impl<T: ToSql + ?Sized> ToSql for &T {
    fn bound(&self) -> Bound<'_> {
        T::bound(self)
    }
}

impl<T: ToSql> ToSql for Option<T> {
    fn bound(&self) -> Bound<'_> {
        self.as_ref().map_or(Bound::Null, ToSql::bound)
    }
}

impl ToSql for Bound<'_> {
    fn bound(&self) -> Bound<'_> {
        *self
    }
}

impl ToSql for str {
    fn bound(&self) -> Bound<'_> {
        Bound::Text(self)
    }
}

impl ToSql for String {
    fn bound(&self) -> Bound<'_> {
        Bound::Text(self)
    }
}

impl ToSql for [u8] {
    fn bound(&self) -> Bound<'_> {
        Bound::Bytes(self)
    }
}

impl ToSql for Vec<u8> {
    fn bound(&self) -> Bound<'_> {
        Bound::Bytes(self)
    }
}

impl<const N: usize> ToSql for [u8; N] {
    fn bound(&self) -> Bound<'_> {
        Bound::Bytes(self)
    }
}

macro_rules! whole {
    ($($number:ty)*) => {$(
        impl ToSql for $number {
            fn bound(&self) -> Bound<'_> {
                Bound::Whole(i64::from(*self))
            }
        }
    )*};
}
whole!(bool i32 i64 u8 u16 u32);

impl<T: FromSql> FromSql for Option<T> {
    fn from_sql(found: Found<'_>) -> Result<Self> {
        if found == Found::Null { Ok(None) } else { T::from_sql(found).map(Some) }
    }
}

impl FromSql for String {
    fn from_sql(found: Found<'_>) -> Result<Self> {
        match found {
            Found::Text(text) => Ok(text.to_owned()),
            other => Err(other.instead_of("text")),
        }
    }
}

impl FromSql for Vec<u8> {
    fn from_sql(found: Found<'_>) -> Result<Self> {
        match found {
            Found::Bytes(bytes) => Ok(bytes.to_vec()),
            other => Err(other.instead_of("bytes")),
        }
    }
}

impl FromSql for i64 {
    fn from_sql(found: Found<'_>) -> Result<Self> {
        match found {
            Found::Whole(number) => Ok(number),
            other => Err(other.instead_of("a number")),
        }
    }
}

impl FromSql for bool {
    fn from_sql(found: Found<'_>) -> Result<Self> {
        i64::from_sql(found).map(|number| number != 0)
    }
}

macro_rules! narrower {
    ($($number:ty)*) => {$(
        impl FromSql for $number {
                    fn from_sql(found: Found<'_>) -> Result<Self> {
                Self::try_from(i64::from_sql(found)?).map_err(Error::conversion)
            }
        }
    )*};
}
narrower!(i32 u8 u16 u32 u64);
