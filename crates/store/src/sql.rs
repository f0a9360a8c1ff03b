//! Statements that both engines understand: one text, one list of values, one way to read a row.
//!
//! PostgreSQL numbers parameters by their name. SQLite takes `$1` for a name and numbers parameters in the order in
//! which they first appear, so a shared text uses them in ascending order.

use backlot_wix::InstanceId;
use bytes::BytesMut;
use jiff::Timestamp;
use rusqlite::types::{FromSqlResult, ToSqlOutput, ValueRef};
use tokio_postgres::types::{IsNull, Type, to_sql_checked};
use uuid::Uuid;

use crate::StoreError;

/// The text of a statement, by engine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sql {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self {
            sqlite: text,
            postgres: text,
        }
    }
}

/// The rows that a statement may reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope {
    /// Rows of one instance: row-level security hides all others, and writes wait in the instance's own queue.
    Tenant(InstanceId),
    /// All rows.
    Owner,
}

/// A value that is bound to a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'value> {
    Null,
    Bool(bool),
    Integer(i64),
    Text(&'value str),
    Bytes(&'value [u8]),
    Id(InstanceId),
}

impl Value<'_> {
    /// Whether this is a text with a NUL, which PostgreSQL neither stores nor looks for.
    pub(crate) fn has_nul(&self) -> bool {
        matches!(self, Self::Text(text) if text.contains('\0'))
    }

    pub(crate) fn into_sqlite(self) -> rusqlite::types::Value {
        use rusqlite::types::Value as Owned;
        match self {
            Self::Null => Owned::Null,
            Self::Bool(value) => Owned::Integer(value.into()),
            Self::Integer(value) => Owned::Integer(value),
            Self::Text(value) => Owned::Text(value.to_owned()),
            Self::Bytes(value) => Owned::Blob(value.to_vec()),
            Self::Id(value) => Owned::Blob(value.as_bytes().to_vec()),
        }
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Bool(value) => ValueRef::Integer((*value).into()),
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
            Self::Id(value) => ValueRef::Blob(value.as_bytes()),
        }))
    }
}

impl tokio_postgres::types::ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Bool(value) => value.to_sql_checked(kind, out),
            Self::Integer(value) if *kind == Type::INT4 => i32::try_from(*value)?.to_sql(kind, out),
            Self::Integer(value) => value.to_sql_checked(kind, out),
            Self::Text(value) => value.to_sql_checked(kind, out),
            Self::Bytes(value) => value.to_sql_checked(kind, out),
            Self::Id(value) => Uuid::from_bytes(*value.as_bytes()).to_sql_checked(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Each value checks the type of its parameter when it is written.
        true
    }

    to_sql_checked!();
}

macro_rules! from {
    ($($kind:ty => |$value:ident| $bound:expr),* $(,)?) => {
        $(impl<'value> From<$kind> for Value<'value> {
            fn from($value: $kind) -> Self {
                $bound
            }
        })*
    };
}

from! {
    bool => |value| Value::Bool(value),
    i64 => |value| Value::Integer(value),
    i32 => |value| Value::Integer(value.into()),
    u32 => |value| Value::Integer(value.into()),
    u16 => |value| Value::Integer(value.into()),
    u64 => |value| Value::Integer(value.cast_signed()),
    Timestamp => |value| Value::Integer(value.as_millisecond()),
    InstanceId => |value| Value::Id(value),
    &'value str => |value| Value::Text(value),
    &'value String => |value| Value::Text(value),
    &'value [u8] => |value| Value::Bytes(value),
    &'value Vec<u8> => |value| Value::Bytes(value),
}

impl<T: Into<Self>> From<Option<T>> for Value<'_> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Makes values for the parameters of a statement: `&bind![instance_id, &name]`.
macro_rules! bind {
    ($($value:expr),* $(,)?) => {
        [$($crate::sql::Value::from($value)),*]
    };
}
pub(crate) use bind;

/// The values of a statement without parameters.
pub(crate) const NO_VALUES: &[Value<'static>] = &[];

/// A row of either engine.
#[derive(Clone, Copy)]
pub(crate) enum Row<'row> {
    Sqlite(&'row rusqlite::Row<'row>),
    Postgres(&'row tokio_postgres::Row),
}

/// Reads a row.
pub(crate) type ReadRow<T> = fn(&Row<'_>) -> Result<T, StoreError>;

impl Row<'_> {
    pub(crate) fn get<T>(&self, column: usize) -> Result<T, StoreError>
    where
        T: rusqlite::types::FromSql + for<'sql> tokio_postgres::types::FromSql<'sql>,
    {
        match self {
            Self::Sqlite(row) => Ok(row.get(column)?),
            Self::Postgres(row) => row
                .try_get(column)
                .map_err(|error| StoreError::Internal(error.to_string())),
        }
    }

    pub(crate) fn instance_id(&self, column: usize) -> Result<InstanceId, StoreError> {
        self.get::<StoredId>(column).map(|id| id.0)
    }

    pub(crate) fn optional_instance_id(
        &self,
        column: usize,
    ) -> Result<Option<InstanceId>, StoreError> {
        let id: Option<StoredId> = self.get(column)?;
        Ok(id.map(|id| id.0))
    }

    pub(crate) fn count(&self, column: usize) -> Result<u64, StoreError> {
        self.get(column).map(i64::cast_unsigned)
    }

    pub(crate) fn timestamp(&self, column: usize) -> Result<Timestamp, StoreError> {
        timestamp(self.get(column)?)
    }

    pub(crate) fn optional_timestamp(
        &self,
        column: usize,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.get::<Option<i64>>(column)?.map(timestamp).transpose()
    }

    /// A time in microseconds.
    pub(crate) fn optional_microseconds(
        &self,
        column: usize,
    ) -> Result<Option<Timestamp>, StoreError> {
        let read = |microseconds| {
            Timestamp::from_microsecond(microseconds).map_err(|_| StoreError::corrupt("a time"))
        };
        self.get::<Option<i64>>(column)?.map(read).transpose()
    }
}

fn timestamp(milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| StoreError::corrupt("a time"))
}

/// An instance id in a column: 16 bytes in SQLite, a `uuid` in PostgreSQL.
struct StoredId(InstanceId);

impl rusqlite::types::FromSql for StoredId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        rusqlite::types::FromSql::column_result(value)
            .map(|bytes| Self(InstanceId::from_bytes(bytes)))
    }
}

impl<'sql> tokio_postgres::types::FromSql<'sql> for StoredId {
    fn from_sql(
        kind: &Type,
        raw: &'sql [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        let id = Uuid::from_sql(kind, raw)?;
        Ok(Self(InstanceId::from_bytes(id.into_bytes())))
    }

    fn accepts(kind: &Type) -> bool {
        <Uuid as tokio_postgres::types::FromSql<'_>>::accepts(kind)
    }
}
