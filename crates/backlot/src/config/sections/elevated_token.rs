//! `[elevated_token]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::Timeout;

/// The elevated tokens that are sent to your own server.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ElevatedToken {
    /// The lifetime of a token. A token is renewed after half of it. Tokens with a longer lifetime are refused.
    pub lifetime: Timeout,
}

impl Default for ElevatedToken {
    fn default() -> Self {
        Self {
            lifetime: Timeout::minutes(5),
        }
    }
}
