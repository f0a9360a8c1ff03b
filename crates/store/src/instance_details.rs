//! What Wix says of each instance: its site, its plan; and whether Wix still gives tokens for it.

use backlot_wix::{AppInstance, InstanceId};
use jiff::Timestamp;

use crate::StoreError;

/// What Wix said of an instance, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    /// The tenant.
    pub instance_id: InstanceId,
    /// Wix's answer. The owner's address is not kept: nothing here needs it.
    pub answer: AppInstance,
    /// When Wix was asked.
    pub fetched_at: Timestamp,
}

/// Wix gives no token for an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRefusal {
    /// The tenant.
    pub instance_id: InstanceId,
    /// The status of Wix's response.
    pub status: u16,
    /// Wix's own word for it, such as `invalid_grant`; may be empty.
    pub reason: String,
    /// When.
    pub refused_at: Timestamp,
}

/// Which instances are to be asked about again.
#[derive(Debug, Clone, Copy)]
pub struct Outdated {
    /// Those whose details are older than this.
    pub fetched_before: Timestamp,
    /// Those without details, too.
    pub missing_too: bool,
    /// Only those that called since then.
    pub seen_since: Timestamp,
    /// Leaving out those that Wix has refused since then. Those that it refused before are asked about
    /// whatever the age of their details: the mark may be out of date.
    pub refused_since: Timestamp,
}

pub(crate) const UPSERT: &str = "
    INSERT INTO instance_details (instance_id, site_origin, answer, fetched_at_ms)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (instance_id) DO UPDATE SET
        site_origin   = excluded.site_origin,
        answer        = excluded.answer,
        fetched_at_ms = excluded.fetched_at_ms";

impl Details {
    /// Returns the answer as it is stored: without the owner's address.
    pub(crate) fn to_json(&self) -> Result<String, StoreError> {
        let mut answer = self.answer.clone();
        answer.site.forget_owner();
        serde_json::to_string(&answer).map_err(|error| StoreError::Internal(error.to_string()))
    }
}
