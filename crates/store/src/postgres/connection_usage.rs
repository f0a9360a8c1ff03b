//! Usage of connections in PostgreSQL.

use backlot_wix::InstanceId;
use tokio_postgres::Row;
use uuid::Uuid;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::instances::instance_id;
use super::tenant::{Bound, uuid};
use crate::StoreError;
use crate::connection_usage::ConnectionUsage;

// Sorted, so that two nodes that write at once lock the rows in the same order.
const ADD: &str = "
    INSERT INTO connection_usage AS known (instance_id, month, connection, calls, errors, bytes_sent,
                                           bytes_received, milliseconds)
    SELECT id, month, connection,
           sum(calls)::bigint, sum(errors)::bigint, sum(sent)::bigint, sum(received)::bigint,
           sum(milliseconds)::bigint
    FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
                $7::bigint[], $8::bigint[])
         AS used(id, month, connection, calls, errors, sent, received, milliseconds)
    GROUP BY id, month, connection ORDER BY id, month, connection
    ON CONFLICT (instance_id, month, connection) DO UPDATE SET
        calls          = known.calls + excluded.calls,
        errors         = known.errors + excluded.errors,
        bytes_sent     = known.bytes_sent + excluded.bytes_sent,
        bytes_received = known.bytes_received + excluded.bytes_received,
        milliseconds   = known.milliseconds + excluded.milliseconds";

const OF_MONTH: &str = "
    SELECT instance_id, month, connection, calls, errors, bytes_sent, bytes_received, milliseconds
    FROM connection_usage WHERE instance_id = $1 AND month = $2 ORDER BY month, connection";

const OF_ALL: &str = "
    SELECT instance_id, month, connection, calls, errors, bytes_sent, bytes_received, milliseconds
    FROM connection_usage WHERE instance_id = $1 ORDER BY month, connection";

const CALLS: &str = "
    SELECT calls FROM connection_usage WHERE instance_id = $1 AND month = $2 AND connection = $3";

const TOTALS: &str = "
    SELECT instance_id, month, connection, calls, errors, bytes_sent, bytes_received, milliseconds
    FROM connection_usage WHERE month = $1
    ORDER BY calls DESC, instance_id, connection LIMIT $2";

impl PostgresStore {
    pub(crate) async fn add_connection_usage(
        &self,
        batch: Vec<ConnectionUsage>,
    ) -> Result<(), StoreError> {
        let numbers = |of: fn(&ConnectionUsage) -> u64| {
            batch
                .iter()
                .map(|it| of(it).cast_signed())
                .collect::<Vec<i64>>()
        };
        let ids: Vec<Uuid> = batch.iter().map(|it| uuid(it.instance_id)).collect();
        let months: Vec<i32> = batch.iter().map(|it| it.month).collect();
        let connections: Vec<&str> = batch.iter().map(|it| it.connection.as_str()).collect();
        let values: [Bound<'_>; 8] = [
            &ids,
            &months,
            &connections,
            &numbers(|it| it.calls),
            &numbers(|it| it.errors),
            &numbers(|it| it.bytes_sent),
            &numbers(|it| it.bytes_received),
            &numbers(|it| it.milliseconds),
        ];
        attempt!(writing: self.change(ADD, &values)).map(drop)
    }

    pub(crate) async fn connection_usage(
        &self,
        instance_id: InstanceId,
        month: Option<i32>,
    ) -> Result<Vec<ConnectionUsage>, StoreError> {
        let id = uuid(instance_id);
        let rows = match month {
            Some(month) => attempt!(reading: self.tell(instance_id, OF_MONTH, &[&id, &month]))?,
            None => attempt!(reading: self.tell(instance_id, OF_ALL, &[&id]))?,
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn connection_calls(
        &self,
        instance_id: InstanceId,
        connection: &str,
        month: i32,
    ) -> Result<u64, StoreError> {
        if connection.contains('\0') {
            return Ok(0);
        }
        let values: [Bound<'_>; 3] = [&uuid(instance_id), &month, &connection];
        let rows = attempt!(reading: self.tell(instance_id, CALLS, &values))?;
        let calls: Option<i64> = rows
            .first()
            .map(|row| row.try_get(0))
            .transpose()
            .map_err(Failure::from)?;
        Ok(calls.unwrap_or_default().cast_unsigned())
    }

    pub(crate) async fn connection_totals(
        &self,
        month: i32,
        limit: u32,
    ) -> Result<Vec<ConnectionUsage>, StoreError> {
        let rows = attempt!(reading: self.ask(TOTALS, &[&month, &i64::from(limit)]))?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}

fn read(row: &Row) -> Result<ConnectionUsage, Failure> {
    let count =
        |column| -> Result<u64, Failure> { Ok(row.try_get::<_, i64>(column)?.cast_unsigned()) };
    Ok(ConnectionUsage {
        instance_id: instance_id(row, 0)?,
        month: row.try_get(1)?,
        connection: row.try_get(2)?,
        calls: count(3)?,
        errors: count(4)?,
        bytes_sent: count(5)?,
        bytes_received: count(6)?,
        milliseconds: count(7)?,
    })
}
