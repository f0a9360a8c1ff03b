//! Leases of a server that was killed.

use backlot_wix::InstanceId;
use jiff::Timestamp;

use super::turns;
use crate::StoreError;
use crate::sql::{Row, bind};
use crate::sqlite::SqliteStore;
use crate::sqlite::statement::{execute, query};

const FIND_INSTANCES: &str = "
    SELECT DISTINCT instance_id FROM delivery_lanes WHERE subscription = $1 AND is_leased = 1";

const RELEASE: &str = "
    UPDATE delivery_lanes SET run_at_ms = min(run_at_ms, $1), is_leased = 0 WHERE subscription = $2 AND is_leased = 1";

impl SqliteStore {
    pub(crate) async fn release_leases(
        &self,
        subscription: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let subscription = subscription.to_owned();
        self.write_with(move |connection| {
            let read = |row: &Row<'_>| row.instance_id(0);
            let instances: Vec<InstanceId> =
                query(connection, FIND_INSTANCES, &bind![&subscription], read)?;
            let released = execute(connection, RELEASE, &bind![now, &subscription])?;
            for instance_id in instances {
                let now_ms = now.as_millisecond();
                turns::refresh(connection, &subscription, instance_id, now_ms, false)?;
            }
            Ok(released)
        })
        .await
    }
}
