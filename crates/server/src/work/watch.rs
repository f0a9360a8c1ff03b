//! What ends a request's work beside its budget: its client has gone, or its time is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use backlot_wix::data::budget::{Watch, too_much_time};
use backlot_wix::data::{DataCode, DataError};

use super::slots::WorkSlot;
use super::threads::lower_after;
use super::usage::LIGHT;

/// Looks at the client, the clock and the place, and at how much the work has used.
pub(super) struct RequestWatch {
    pub(super) place: Arc<WorkSlot>,
    pub(super) client_has_gone: Arc<AtomicBool>,
    pub(super) started: Instant,
    pub(super) timeout: Duration,
}

impl Watch for RequestWatch {
    fn look(&self) -> Result<(), DataError> {
        lower_after(LIGHT);
        if self.client_has_gone.load(Ordering::Relaxed) {
            let text = "The client has gone.";
            return Err(DataError::new(DataCode::TooCostly, text).with("limit", "client"));
        }
        if self.started.elapsed() > self.timeout {
            return Err(too_much_time(self.timeout.as_secs()));
        }
        Ok(())
    }

    fn take_turns(&self) {
        self.place.take_turns();
    }
}
