//! `[websocket]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::Timeout;

/// Limits of connections that were upgraded to the WebSocket protocol by your own server. Each is closed when the
/// credential that opened it expires, and when this server stops: both sides get a close frame (1001).
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WebSocket {
    /// The maximum lifetime of a WebSocket. It is closed in any case when its credential expires: at the maximum age of
    /// a signed instance, or the expiry of an access token or elevated token. One that was opened without a credential
    /// (`auth = "none"`) is closed only if this is set. Defaults to no maximum.
    pub max_lifetime: Option<Timeout>,
}
