//! `[events]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::{Size, Timeout};

/// Events that Wix sends to `POST /webhooks`. They are stored before they are acknowledged, and delivered to the
/// subscriptions.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Events {
    /// How long events and their deliveries are kept. Events that wait to be delivered are kept longer.
    pub keep: Timeout,
    /// The maximum number of events that are kept. Older ones are deleted first. Defaults to no limit.
    pub keep_count: Option<u64>,
    /// The maximum size of a webhook.
    pub body_limit: Size,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            keep: Timeout::hours(30 * 24),
            keep_count: None,
            body_limit: Size::mib(4),
        }
    }
}
