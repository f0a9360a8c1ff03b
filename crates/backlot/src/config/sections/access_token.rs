//! `[access_token]`

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::Duration;

/// Verification of Wix access tokens, which `httpClient.fetchWithAuth()` sends. Only Wix can verify one, so Backlot
/// asks Wix and caches the result.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccessToken {
    /// How long a token that Wix has accepted is cached, at most until it expires. A token that Wix revokes in the
    /// meantime (a member is blocked, the app is removed) is still accepted until then. `0s` asks Wix for each request.
    pub ceiling: Duration,
    /// How long a token that Wix has rejected is cached.
    pub refusal_ceiling: Duration,
    /// The maximum number of tokens to verify with Wix in a minute, over all callers. Beyond it, requests with tokens
    /// that are not cached get a 503.
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
