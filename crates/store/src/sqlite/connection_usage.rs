//! Usage of connections in SQLite.

use backlot_wix::InstanceId;
use backlot_wix::data::Budget;
use rusqlite::{Connection, OptionalExtension as _, Params, params};

use super::SqliteStore;
use crate::StoreError;
use crate::connection_usage::ConnectionUsage;

const ADD: &str = "
    INSERT INTO connection_usage (instance_id, month, connection, calls, errors, bytes_sent,
                                  bytes_received, milliseconds)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (instance_id, month, connection) DO UPDATE SET
        calls          = calls + excluded.calls,
        errors         = errors + excluded.errors,
        bytes_sent     = bytes_sent + excluded.bytes_sent,
        bytes_received = bytes_received + excluded.bytes_received,
        milliseconds   = milliseconds + excluded.milliseconds";

const READ: &str = "
    SELECT instance_id, month, connection, calls, errors, bytes_sent, bytes_received, milliseconds
    FROM connection_usage";

impl SqliteStore {
    pub(crate) async fn add_connection_usage(
        &self,
        batch: Vec<ConnectionUsage>,
    ) -> Result<(), StoreError> {
        self.write_with(move |connection| {
            let mut add = connection.prepare_cached(ADD)?;
            for usage in batch {
                add.execute(params![
                    usage.instance_id.as_bytes(),
                    usage.month,
                    usage.connection,
                    usage.calls.cast_signed(),
                    usage.errors.cast_signed(),
                    usage.bytes_sent.cast_signed(),
                    usage.bytes_received.cast_signed(),
                    usage.milliseconds.cast_signed(),
                ])?;
            }
            Ok(())
        })
        .await
    }

    pub(crate) async fn connection_usage(
        &self,
        instance_id: InstanceId,
        month: Option<i32>,
    ) -> Result<Vec<ConnectionUsage>, StoreError> {
        self.read_with(move |connection| {
            let sql = format!(
                "{READ} WHERE instance_id = ?1 AND (?2 IS NULL OR month = ?2) ORDER BY month, connection"
            );
            read(connection, &sql, params![instance_id.as_bytes(), month])
        })
        .await
    }

    pub(crate) async fn connection_calls(
        &self,
        instance_id: InstanceId,
        connection: &str,
        month: i32,
    ) -> Result<u64, StoreError> {
        self.readers.read(Budget::unlimited(), |reader| {
            let calls: Option<i64> = reader
                .connection
                .prepare_cached(
                    "SELECT calls FROM connection_usage
                     WHERE instance_id = ?1 AND month = ?2 AND connection = ?3",
                )?
                .query_row(params![instance_id.as_bytes(), month, connection], |row| {
                    row.get(0)
                })
                .optional()?;
            Ok(calls.unwrap_or_default().cast_unsigned())
        })
    }

    pub(crate) async fn connection_totals(
        &self,
        month: i32,
        limit: u32,
    ) -> Result<Vec<ConnectionUsage>, StoreError> {
        self.read_with(move |connection| {
            let sql = format!(
                "{READ} WHERE month = ?1 ORDER BY calls DESC, instance_id, connection LIMIT ?2"
            );
            read(connection, &sql, params![month, limit])
        })
        .await
    }
}

fn read(
    connection: &Connection,
    sql: &str,
    values: impl Params,
) -> Result<Vec<ConnectionUsage>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(values, |row| {
        let count = |column| row.get(column).map(i64::cast_unsigned);
        Ok(ConnectionUsage {
            instance_id: InstanceId::from_bytes(row.get(0)?),
            month: row.get(1)?,
            connection: row.get(2)?,
            calls: count(3)?,
            errors: count(4)?,
            bytes_sent: count(5)?,
            bytes_received: count(6)?,
            milliseconds: count(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
