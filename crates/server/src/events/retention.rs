//! Deleting old events, in small steps: each is a short transaction, and intake goes on between them.

use std::time::Duration;

use backlot_store::Store;
use jiff::Timestamp;

use super::EventLimits;
use crate::clock::Clock;
use crate::error::Chain;

/// Events of one step.
const STEP: u32 = 200;
/// The time between two steps, for other writes.
const STEP_INTERVAL: Duration = Duration::from_millis(20);

/// Deletes events that are too old or too many. Those that wait to be delivered stay.
pub(crate) async fn delete_old(store: &Store, clock: &Clock, limits: EventLimits) {
    let oldest = clock
        .now()
        .checked_sub(limits.retention)
        .unwrap_or(Timestamp::MIN);
    let mut deleted = 0;
    loop {
        match store.delete_events(oldest, limits.keep_count, STEP).await {
            Ok(0) => break,
            Ok(count) => deleted += count,
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "failed to delete old events");
                break;
            }
        }
        tokio::time::sleep(STEP_INTERVAL).await;
    }
    if deleted > 0 {
        tracing::info!(deleted, "deleted old events");
    }
}
