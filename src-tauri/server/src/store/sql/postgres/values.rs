//! Values on their way to and from PostgreSQL, in the types that it says its columns and parameters have.

use std::error::Error as StdError;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::store::sql::value::{Bound, Found};

type Failed = Box<dyn StdError + Send + Sync>;

impl ToSql for Bound<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failed> {
        match (*self, kind) {
            (Self::Null, _) => return Ok(IsNull::Yes),
            (Self::Whole(number), &Type::BOOL) => out.put_u8(u8::from(number != 0)),
            (Self::Whole(number), &Type::INT8) => out.put_i64(number),
            (Self::Whole(number), &Type::INT4) => out.put_i32(i32::try_from(number)?),
            (Self::Whole(number), &Type::INT2) => out.put_i16(i16::try_from(number)?),
            (Self::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::UNKNOWN) => {
                out.put_slice(text.as_bytes());
            }
            (Self::Bytes(bytes), &Type::BYTEA) => out.put_slice(bytes),
            (_, kind) => return Err(format!("a parameter cannot be of the type {kind}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The value of a column, whatever its type.
pub(in crate::store::sql) struct Any<'r>(pub(in crate::store::sql) Found<'r>);

impl<'r> FromSql<'r> for Any<'r> {
    fn from_sql(kind: &Type, raw: &'r [u8]) -> Result<Self, Failed> {
        let whole = |number: i64| Ok(Self(Found::Whole(number)));
        match *kind {
            Type::BOOL => whole(i64::from(raw.first().is_some_and(|byte| *byte != 0))),
            Type::INT8 => whole(i64::from_be_bytes(raw.try_into()?)),
            Type::INT4 => whole(i64::from(i32::from_be_bytes(raw.try_into()?))),
            Type::INT2 => whole(i64::from(i16::from_be_bytes(raw.try_into()?))),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::JSON | Type::UNKNOWN => {
                Ok(Self(Found::Text(std::str::from_utf8(raw)?)))
            }
            Type::BYTEA => Ok(Self(Found::Bytes(raw))),
            ref other => Err(format!("a column is of the type {other}").into()),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failed> {
        Ok(Self(Found::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
