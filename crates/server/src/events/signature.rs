//! The signature of a delivery, as Standard Webhooks says.
//!
//! Source: <https://github.com/standard-webhooks/standard-webhooks>, version 1.0.0.

use backlot_outbound::third_party::SecretString;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook,
};

static ID: HeaderName = HeaderName::from_static(HEADER_WEBHOOK_ID);
static TIMESTAMP: HeaderName = HeaderName::from_static(HEADER_WEBHOOK_TIMESTAMP);
static SIGNATURE: HeaderName = HeaderName::from_static(HEADER_WEBHOOK_SIGNATURE);

/// A delivery cannot be signed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SigningError {
    /// The secret is not one of Standard Webhooks.
    #[error("a secret of the subscription is not whsec_ and base64")]
    Secret,
    /// The id of the event cannot be in a header.
    #[error("the event's id cannot be in a header")]
    Id,
}

/// Puts id, time and signatures on a request, one signature for each secret.
pub(super) fn put_on(
    headers: &mut HeaderMap,
    secrets: &[SecretString],
    id: &str,
    now: Timestamp,
    body: &str,
) -> Result<(), SigningError> {
    let seconds = now.as_second();
    let mut signatures = Vec::with_capacity(secrets.len());
    for secret in secrets {
        let webhook = Webhook::new(secret.reveal()).map_err(|_| SigningError::Secret)?;
        let signature = webhook.sign(id, seconds, body.as_bytes());
        signatures.push(signature.map_err(|_| SigningError::Secret)?);
    }
    let signatures = HeaderValue::from_str(&signatures.join(" "));
    headers.insert(
        &ID,
        HeaderValue::from_str(id).map_err(|_| SigningError::Id)?,
    );
    headers.insert(&TIMESTAMP, HeaderValue::from(seconds));
    headers.insert(&SIGNATURE, signatures.map_err(|_| SigningError::Secret)?);
    Ok(())
}

/// Returns the id that a delivery is signed with: the event's, or that of the delivery if the event's cannot be in a
/// header.
pub(super) fn message_id(event_id: &str, delivery_id: i64) -> String {
    let is_visible = |byte: u8| byte.is_ascii_graphic();
    if !event_id.is_empty() && event_id.bytes().all(is_visible) {
        event_id.to_owned()
    } else {
        format!("delivery-{delivery_id}")
    }
}
