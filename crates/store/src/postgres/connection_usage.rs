//! Adding to the usage of connections in PostgreSQL.

use uuid::Uuid;

use super::PostgresStore;
use super::failure::attempt;
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
        attempt!(writing: self.owner_execute(ADD, &values)).map(drop)
    }
}
