//! Usage of connections.

use backlot_wix::InstanceId;

use super::Store;
use crate::StoreError;
use crate::connection_usage::ConnectionUsage;
use crate::sql::{Row, Scope, bind};

const LIST: &str = "
    SELECT instance_id, month, connection, calls, errors, bytes_sent, bytes_received, milliseconds
    FROM connection_usage WHERE instance_id = $1 ORDER BY month, connection";

const LIST_MONTH: &str = "
    SELECT instance_id, month, connection, calls, errors, bytes_sent, bytes_received, milliseconds
    FROM connection_usage WHERE instance_id = $1 AND month = $2 ORDER BY month, connection";

const CALLS: &str = "
    SELECT calls FROM connection_usage WHERE instance_id = $1 AND month = $2 AND connection = $3";

const TOTALS: &str = "
    SELECT instance_id, month, connection, calls, errors, bytes_sent, bytes_received, milliseconds
    FROM connection_usage WHERE month = $1
    ORDER BY calls DESC, instance_id, connection LIMIT $2";

repository! {
    /// Adds a batch to the usage so far, all of it or nothing.
    async fn add_connection_usage(&self, batch: Vec<ConnectionUsage>) -> Result<(), StoreError>;
}

impl Store {
    /// Lists the usage of an instance, of one month or of all: by month, then by connection.
    pub async fn list_connection_usage(
        &self,
        instance_id: InstanceId,
        month: Option<i32>,
    ) -> Result<Vec<ConnectionUsage>, StoreError> {
        let scope = Scope::Tenant(instance_id);
        match month {
            Some(month) => {
                let values = bind![instance_id, month];
                self.query(scope, LIST_MONTH, &values, read).await
            }
            None => self.query(scope, LIST, &bind![instance_id], read).await,
        }
    }

    /// Counts the calls of an instance over a connection in a month.
    pub async fn count_connection_calls(
        &self,
        instance_id: InstanceId,
        connection: &str,
        month: i32,
    ) -> Result<u64, StoreError> {
        let values = bind![instance_id, month, connection];
        let read = |row: &Row<'_>| row.count(0);
        let scope = Scope::Tenant(instance_id);
        let calls = self.query_one_short(scope, CALLS, &values, read).await?;
        Ok(calls.unwrap_or_default())
    }

    /// Lists the usage of all instances in a month, most calls first.
    pub async fn list_connection_totals(
        &self,
        month: i32,
        limit: u32,
    ) -> Result<Vec<ConnectionUsage>, StoreError> {
        self.query(Scope::Owner, TOTALS, &bind![month, limit], read)
            .await
    }
}

fn read(row: &Row<'_>) -> Result<ConnectionUsage, StoreError> {
    Ok(ConnectionUsage {
        instance_id: row.instance_id(0)?,
        month: row.get(1)?,
        connection: row.get(2)?,
        calls: row.count(3)?,
        errors: row.count(4)?,
        bytes_sent: row.count(5)?,
        bytes_received: row.count(6)?,
        milliseconds: row.count(7)?,
    })
}
