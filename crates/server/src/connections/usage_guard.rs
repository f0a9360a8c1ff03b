//! The usage of one call, recorded when its response has ended.

use std::sync::Arc;
use std::time::Instant;

use super::Connection;
use super::usage::{UsageCounts, UsageGuard};

/// Counts the bytes and time of a call, and records them when it is dropped.
pub(super) struct CallMeter {
    pub(super) connection: Arc<Connection>,
    pub(super) usage: UsageGuard,
    pub(super) started: Instant,
    pub(super) counts: UsageCounts,
    /// How often the credential was found in the response.
    pub(super) redactions: u64,
}

impl Drop for CallMeter {
    fn drop(&mut self) {
        let milliseconds = self.started.elapsed().as_millis();
        self.counts.milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
        if self.redactions > 0 {
            let name = &self.connection.settings.name;
            let instance_id = self.usage.instance_id;
            tracing::warn!(connection = %name, %instance_id, found = self.redactions, "redacted the credential in a third party's response");
        }
        self.usage.add(self.counts);
    }
}
