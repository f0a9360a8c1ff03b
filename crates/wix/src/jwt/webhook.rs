//! Webhooks: the whole request body is one JWT, with JSON inside JSON inside JSON.
//!
//! ```text
//! claims.data   : string → envelope
//! envelope.data : string → the event itself
//! envelope.identity : string → who caused it (optional)
//! ```
//!
//! Source: Wix documentation, "Webhooks"; nesting confirmed on a real webhook (vectors).

use jiff::Timestamp;
use serde::Deserialize;

use super::{JwtError, PublicKey, verify, wrong_content};

/// A verified webhook. Unknown envelope keys are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Such as `AppInstalled` or `wix.contacts.v4.contact_created`. To be matched as a whole.
    pub event_type: String,
    /// The tenant. Absent on account-level webhooks.
    #[serde(default)]
    pub instance_id: Option<String>,
    /// The event as Wix wrote it: JSON text, not canonical, so it must not be serialized again.
    pub data: String,
    /// Who caused the event: JSON text.
    #[serde(default)]
    pub identity: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    data: String,
}

/// Verifies the body of a webhook request.
///
/// # Errors
///
/// Fails if the body is not a valid token of the key, has expired, or has an unexpected content.
pub fn verify_webhook(body: &str, key: &PublicKey, now: Timestamp) -> Result<Webhook, JwtError> {
    let claims: Claims = verify(body, key, now)?;
    serde_json::from_str(&claims.data).map_err(wrong_content)
}
