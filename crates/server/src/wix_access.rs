//! How Wix is called.

use std::time::Duration;

use backlot_outbound::upstream::Address;
use backlot_wix::ApiKey;
use jiff::SignedDuration;

/// How Wix is called.
#[derive(Debug, Clone)]
pub struct WixAccess {
    /// Where Wix is: `https://www.wixapis.com`, or the simulator.
    pub base: Address,
    /// The account's key, for calls that are no instance's.
    pub api_key: Option<ApiKey>,
    /// The most calls a minute for each instance, from this node.
    pub requests_per_minute: usize,
    /// The longest that a call waits for its turn in that budget.
    pub queue_time: Duration,
    /// How long Wix may take until its response begins.
    pub timeout: Duration,
    /// How long Wix may take to say something about a token, or to give one.
    pub token_timeout: Duration,
    /// How old what Wix says of an instance may become.
    pub details_age: SignedDuration,
}
