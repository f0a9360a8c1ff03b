//! What Wix says of each instance: its site, its plan; and whether Wix still gives tokens for it.

use backlot_wix::{AppInstance, InstanceId};
use jiff::Timestamp;

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
    /// The status of Wix's reply.
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
