//! `[elevated_token]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::Duration;

/// The tokens that your own server is handed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ElevatedToken {
    /// How long a token lasts. It is renewed when half of this has passed, and one that lasts longer is refused.
    pub lifetime: Duration,
}

impl Default for ElevatedToken {
    fn default() -> Self {
        Self {
            lifetime: Duration::minutes(5),
        }
    }
}
