//! What a call used, written into the book when its reply has ended.

use std::sync::Arc;
use std::time::Instant;

use super::Connection;
use super::usage::{Counts, Ticket};

/// Counts a call's bytes and time, and writes them into the book at its end.
pub(super) struct Meter {
    pub(super) connection: Arc<Connection>,
    pub(super) ticket: Ticket,
    pub(super) started: Instant,
    pub(super) counts: Counts,
    /// How often the credential stood in the reply.
    pub(super) found: u64,
}

impl Drop for Meter {
    fn drop(&mut self) {
        let milliseconds = self.started.elapsed().as_millis();
        self.counts.milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
        if self.found > 0 {
            let name = &self.connection.settings.name;
            let instance_id = self.ticket.instance_id;
            tracing::warn!(connection = %name, %instance_id, found = self.found, "redacted the credential in a third party's response");
        }
        self.ticket.add(self.counts);
    }
}
