//! `[access_token]`

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::Duration;

/// Wix access tokens as callers: what `httpClient.fetchWithAuth()` sends. Only Wix can check one, so
/// Wix is asked, and its answer is kept for a while.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccessToken {
    /// The longest that Wix's yes to a token is believed; never longer than the token lasts. Until
    /// then a token that Wix has revoked meanwhile (the member was blocked, the app was removed) is
    /// still let in. `0s` asks Wix with each request.
    pub ceiling: Duration,
    /// How long Wix's no to a token is believed.
    pub refusal_ceiling: Duration,
    /// The most tokens that Wix is asked about in a minute, all callers together. Past it, callers
    /// with tokens that are not known yet get 503.
    pub questions_per_minute: NonZeroU32,
}

impl Default for AccessToken {
    fn default() -> Self {
        Self {
            ceiling: Duration::minutes(5),
            refusal_ceiling: Duration::seconds(5),
            questions_per_minute: NonZeroU32::new(6000).unwrap_or(NonZeroU32::MIN),
        }
    }
}
