//! Events and deliveries in SQLite.
//!
//! [`intake`]: storing events, with lanes and turns for their deliveries; [`echo`]: events that the app's own writes
//! have caused; [`claims`]: outcomes and claims, in one transaction; [`changes`]: what operators do; [`leftovers`]: leases
//! of a server that was killed; [`turns`]: which instance is next; [`watch`]: wake-ups from other processes.

mod changes;
mod claims;
mod echo;
mod intake;
mod leftovers;
mod turns;
mod watch;

pub(super) use watch::ChangeWatch;

use crate::StoreError;
use crate::sql::{Row, bind};
use crate::sqlite::statement;
use backlot_wix::InstanceId;
use rusqlite::Connection;

/// A lane of an instance.
struct LaneKey<'lane> {
    subscription: &'lane str,
    instance_id: InstanceId,
    lane: &'lane str,
}

const HAS_WAITING: &str = "
    SELECT delivery_id FROM deliveries
    WHERE subscription = $1 AND instance_id = $2 AND lane = $3 AND state = 'WAITING'
    ORDER BY position, event_time_us, delivery_id LIMIT 1";

const RELEASE: &str = "
    UPDATE delivery_lanes SET run_at_ms = $1, is_leased = 0
    WHERE subscription = $2 AND instance_id = $3 AND lane = $4";

const DELETE: &str =
    "DELETE FROM delivery_lanes WHERE subscription = $1 AND instance_id = $2 AND lane = $3";

impl LaneKey<'_> {
    /// Returns the delivery that is next.
    fn head(&self, connection: &Connection) -> Result<Option<i64>, StoreError> {
        let values = bind![self.subscription, self.instance_id, self.lane];
        let found = statement::query(connection, HAS_WAITING, &values, |row: &Row<'_>| row.get(0))?;
        Ok(found.into_iter().next())
    }

    /// Ends the lease of the lane, which is due at `run_at_ms`, or deletes the lane if nothing waits in it.
    fn release(&self, connection: &Connection, run_at_ms: i64) -> Result<(), StoreError> {
        let (subscription, instance_id, lane) = (self.subscription, self.instance_id, self.lane);
        if self.head(connection)?.is_some() {
            let values = bind![run_at_ms, subscription, instance_id, lane];
            statement::execute(connection, RELEASE, &values)?;
        } else {
            statement::execute(connection, DELETE, &bind![subscription, instance_id, lane])?;
        }
        Ok(())
    }
}
