//! `[websocket]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::Duration;

/// A WebSocket to your own server is closed when the credential that opened it ends, and when this server stops: both
/// sides get a close frame (1001).
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WebSocket {
    /// The longest that a WebSocket lasts. Defaults to the end of its credential, which closes it in any case: a
    /// signed instance's age, an access token's or an elevated token's expiry. One that was opened without a credential
    /// (`auth = "none"`) is closed only if this is set. The page opens another, with a new credential.
    pub max_lifetime: Option<Duration>,
}
