//! The signature of a delivery, as Standard Webhooks says.
//!
//! Source: <https://github.com/standard-webhooks/standard-webhooks>, version 1.0.0.

use backlot_outbound::third_party::SecretString;
use backlot_store::events::{Event, UNASSIGNED};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook,
};

use super::WIX_SOURCE;

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

/// Returns the id that a delivery is signed with, which no other event has: that of Wix's event; for another source, also
/// the source and the instance, because two of them may have an event with one id. It is that of the delivery if the
/// event's cannot be in a header.
pub(super) fn message_id(event: &Event, delivery_id: i64) -> String {
    let is_visible = |byte: u8| byte.is_ascii_graphic();
    let Event {
        event_id,
        source,
        instance_id,
        ..
    } = event;
    if event_id.is_empty() || !event_id.bytes().all(is_visible) {
        format!("delivery-{delivery_id}")
    } else if source == WIX_SOURCE {
        event_id.clone()
    } else if *instance_id == UNASSIGNED {
        format!("{source}/{event_id}")
    } else {
        format!("{source}/{instance_id}/{event_id}")
    }
}

#[cfg(test)]
mod tests {
    use backlot_wix::InstanceId;

    use super::*;

    #[test]
    fn no_two_events_have_one_message_id() {
        let event = |source: &str, instance: u8, id: &str| Event {
            sequence: 1,
            instance_id: InstanceId::from_bytes([instance; 16]),
            source: source.to_owned(),
            event_id: id.to_owned(),
            event_type: "x".to_owned(),
            entity_id: None,
            entity_sequence: None,
            occurred_at: None,
            received_at: Timestamp::UNIX_EPOCH,
            identity: None,
            data: "{}".to_owned(),
            details: "{}".to_owned(),
            is_echo: false,
            data_bytes: 2,
        };
        let id = |source: &str, instance: u8, id: &str| message_id(&event(source, instance, id), 7);
        assert_eq!(id("wix", 1, "e-1"), "e-1");
        let mut all = vec![id("wix", 1, "1"), id("crm", 1, "1"), id("shop", 1, "1")];
        all.extend([id("crm", 2, "1"), id("crm", 0, "1"), id("crm", 0, "a b")]);
        assert_eq!(all[5], "delivery-7");
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 6);
    }
}
