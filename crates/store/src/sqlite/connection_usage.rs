//! Adding to the usage of connections in SQLite.

use super::SqliteStore;
use super::statement::execute;
use crate::StoreError;
use crate::connection_usage::ConnectionUsage;
use crate::sql::bind;

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

impl SqliteStore {
    pub(crate) async fn add_connection_usage(
        &self,
        batch: Vec<ConnectionUsage>,
    ) -> Result<(), StoreError> {
        self.write_with(move |connection| {
            for usage in &batch {
                let values = bind![
                    usage.instance_id,
                    usage.month,
                    &usage.connection,
                    usage.calls,
                    usage.errors,
                    usage.bytes_sent,
                    usage.bytes_received,
                    usage.milliseconds,
                ];
                execute(connection, ADD, &values)?;
            }
            Ok(())
        })
        .await
    }
}
