//! Webhooks: the whole request body is one JWT, with JSON inside JSON inside JSON.
//!
//! ```text
//! claims.data   : string → envelope
//! envelope.data : string → the event itself
//! envelope.identity : string → who caused it (optional)
//! ```
//!
//! The envelope's `data` and `identity` may also be objects. The claim `data` may not: a token with an object there is
//! of another kind (a service plugin's call, a digest), signed with the same key.
//!
//! Source: Wix documentation, "Webhooks"; nesting confirmed on a real webhook (vectors).

use jiff::Timestamp;
use serde::Deserialize;

use super::{JwtError, PublicKey, verify, wrong_content};
use crate::json_object::{JsonObject, open_object};

/// The longest type of an event.
const MAX_EVENT_TYPE_BYTES: usize = 300;

/// A verified webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Such as `AppInstalled` or `wix.contacts.v4.contact_created`. To be matched as a whole.
    pub event_type: String,
    /// The tenant. Absent on account-level webhooks.
    pub instance_id: Option<String>,
    /// The event as Wix wrote it: JSON text, not canonical, so it must not be serialized again.
    pub data: String,
    /// Who caused the event: JSON text.
    pub identity: Option<String>,
    /// When it was signed, if the token says so. Absent if the envelope was parsed without its token.
    pub issued_at: Option<Timestamp>,
    /// The other fields of the envelope, such as `accountInfo`: the JSON text of an object.
    pub details: String,
}

#[derive(Deserialize)]
struct Claims {
    data: String,
    iat: Option<i64>,
}

impl Webhook {
    /// Parses an envelope, the text of the claim `data`.
    ///
    /// # Errors
    ///
    /// Fails if the envelope is not an object with the text `eventType` and a `data` that is text or an object.
    pub fn from_envelope(text: &str) -> Result<Self, JwtError> {
        let no = |why: &str| wrong_content(why);
        let mut envelope =
            JsonObject::parse(text).ok_or_else(|| no("the envelope is no object"))?;
        let mut text_of = |name: &'static str| match envelope.remove(name) {
            Some(json) => serde_json::from_str(&json).map(Some).map_err(wrong_content),
            None => Ok(None),
        };
        let event_type: Option<String> = text_of("eventType")?;
        let instance_id = text_of("instanceId")?;
        let data = envelope.remove("data").ok_or_else(|| no("no data"))?;
        let data = if data.starts_with('"') {
            serde_json::from_str(&data).map_err(wrong_content)?
        } else if data.starts_with('{') {
            data.into_owned()
        } else {
            return Err(no("data is neither text nor an object"));
        };
        let identity = envelope.remove("identity");
        let identity = identity.map(|json| open_object(&json).unwrap_or(json.clone()).into_owned());
        Ok(Self {
            event_type: event_type
                .filter(|name| is_event_type(name))
                .ok_or_else(|| no("no eventType"))?,
            instance_id,
            data,
            identity,
            issued_at: None,
            details: envelope.to_json(),
        })
    }
}

/// Returns whether a text can be the type of an event. Wix's have up to 150 characters.
fn is_event_type(text: &str) -> bool {
    (1..=MAX_EVENT_TYPE_BYTES).contains(&text.len()) && !text.contains(char::is_control)
}

/// Verifies the body of a webhook request.
///
/// # Errors
///
/// Fails if the body is not a valid token of the key, has expired, or has an unexpected content.
pub fn verify_webhook(body: &str, key: &PublicKey, now: Timestamp) -> Result<Webhook, JwtError> {
    let claims: Claims = verify(body, key, now)?;
    let issued_at = claims.iat.and_then(|iat| Timestamp::from_second(iat).ok());
    Ok(Webhook {
        issued_at,
        ..Webhook::from_envelope(&claims.data)?
    })
}
