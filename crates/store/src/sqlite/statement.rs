//! Shared statements on SQLite.

use rusqlite::{Connection, ToSql, params_from_iter};

use super::SqliteStore;
use crate::StoreError;
use crate::sql::{ReadRow, Row, Scope, Sql, Value};
use backlot_wix::data::Budget;

impl SqliteStore {
    /// Reads rows on the blocking pool.
    pub(crate) async fn query<T: Send + 'static>(
        &self,
        sql: Sql,
        values: &[Value<'_>],
        read: ReadRow<T>,
    ) -> Result<Vec<T>, StoreError> {
        let values = owned(values);
        self.read_with(move |connection| query(connection, sql.sqlite, &values, read))
            .await
    }

    /// Reads rows on a separate connection, however long it takes.
    pub(crate) async fn query_unlimited<T: Send + 'static>(
        &self,
        sql: Sql,
        values: &[Value<'_>],
        read: ReadRow<T>,
    ) -> Result<Vec<T>, StoreError> {
        let values = owned(values);
        self.read_unlimited(move |connection| query(connection, sql.sqlite, &values, read))
            .await
    }

    /// Reads rows on this thread: only for what is short.
    pub(crate) fn query_short<T>(
        &self,
        sql: Sql,
        values: &[Value<'_>],
        read: ReadRow<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.readers.read(Budget::unlimited(), |reader| {
            query(&reader.connection, sql.sqlite, values, read)
        })
    }

    /// Changes rows, and returns how many.
    pub(crate) async fn execute(
        &self,
        scope: Scope,
        sql: Sql,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let values = owned(values);
        let work = move |connection: &Connection| execute(connection, sql.sqlite, &values);
        match scope {
            Scope::Tenant(id) => self.write_for(id, work).await,
            Scope::Owner => self.write_with(work).await,
        }
    }

    /// Changes rows, and reads what the statement returns of them.
    pub(crate) async fn execute_returning<T: Send + 'static>(
        &self,
        scope: Scope,
        sql: Sql,
        values: &[Value<'_>],
        read: ReadRow<T>,
    ) -> Result<Vec<T>, StoreError> {
        let values = owned(values);
        let work = move |connection: &Connection| query(connection, sql.sqlite, &values, read);
        match scope {
            Scope::Tenant(id) => self.write_for(id, work).await,
            Scope::Owner => self.write_with(work).await,
        }
    }
}

fn owned(values: &[Value<'_>]) -> Vec<rusqlite::types::Value> {
    values.iter().map(|value| value.into_sqlite()).collect()
}

pub(super) fn query<T>(
    connection: &Connection,
    sql: &str,
    values: &[impl ToSql],
    read: ReadRow<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    debug_assert!(has_ascending_parameters(&statement), "{sql}");
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(&Row::Sqlite(row))?);
    }
    Ok(found)
}

pub(super) fn execute(
    connection: &Connection,
    sql: &str,
    values: &[impl ToSql],
) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    debug_assert!(has_ascending_parameters(&statement), "{sql}");
    Ok(statement.execute(params_from_iter(values))? as u64)
}

/// Whether SQLite numbers the parameters as their names do.
fn has_ascending_parameters(statement: &rusqlite::Statement<'_>) -> bool {
    (1..=statement.parameter_count()).all(|number| {
        let name = statement.parameter_name(number);
        name.is_none_or(|name| name[1..] == number.to_string())
    })
}
