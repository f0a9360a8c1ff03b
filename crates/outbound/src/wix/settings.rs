//! What the client is made with.

use std::sync::Arc;
use std::time::Duration;

use backlot_wix::{ApiKey, AppId, AppSecrets};

use super::TokenEvents;
use crate::upstream::Address;

/// What the client is made with.
pub struct WixSettings {
    /// Where Wix is: `https://www.wixapis.com`, or the simulator.
    pub base: Address,
    /// The app.
    pub app_id: AppId,
    /// Its secrets; the newest is used first.
    pub secrets: AppSecrets,
    /// The account's key, for calls that are no instance's.
    pub api_key: Option<ApiKey>,
    /// The most calls a minute for each instance.
    pub requests_per_minute: usize,
    /// The longest that a call in the foreground waits for its turn in the budget.
    pub queue_time: Duration,
    /// How long Wix may take to begin a response, all attempts and waiting together.
    pub timeout: Duration,
    /// How long Wix may take to answer a question about a token, or to give one.
    pub token_timeout: Duration,
    /// How long Wix may be silent in the middle of a body.
    pub idle_timeout: Duration,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// Told of tokens that Wix gives and refuses.
    pub events: Arc<dyn TokenEvents>,
    /// Where the randomness of waiting times begins.
    pub seed: u64,
}
