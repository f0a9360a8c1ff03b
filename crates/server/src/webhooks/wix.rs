//! Wix's webhooks: the body is a JWT, signed with the app's key.

use backlot_store::events::{NewEvent, UNASSIGNED};
use backlot_wix::event::Event;
use backlot_wix::jwt::{JwtError, PublicKey, verify_digest, verify_webhook};
use http::HeaderMap;
use jiff::Timestamp;

use super::Intake;
use crate::error::{ApiError, ErrorCode};
use crate::events::{LaneKey, WIX_SOURCE, kind_of_type};

impl Intake {
    /// Verifies and stores a webhook of Wix.
    ///
    /// # Errors
    ///
    /// Fails if the signature is not Wix's, the content is not an event, or the event cannot be stored.
    pub(crate) async fn receive_wix(&self, body: &[u8]) -> Result<(), ApiError> {
        let now = self.clock.now();
        let text = str::from_utf8(body).map_err(|_| ErrorCode::WebhookSignatureInvalid)?;
        let webhook = self.verify(|key| verify_webhook(text, key, now))?;
        let signed_at = webhook.issued_at.unwrap_or(now);
        let mut event = Event::open(webhook).map_err(|error| {
            ApiError::from(ErrorCode::WebhookMalformed).with_detail(format!("{error}."))
        })?;
        event.id = self.id_of(&event, signed_at).await?;
        if !event.has_own_id {
            event.event_time.get_or_insert(signed_at);
        }
        self.store_wix(event, now).await
    }

    async fn store_wix(&self, event: Event, now: Timestamp) -> Result<(), ApiError> {
        let kind = event.entity_fqdn.clone();
        let kind = kind.unwrap_or_else(|| kind_of_type(&event.event_type).to_owned());
        let entity_id = event.entity_id.clone();
        let key = match &entity_id {
            Some(id) => LaneKey::Entity { kind: &kind, id },
            None if event.has_own_id => LaneKey::Nothing,
            None => LaneKey::Instance,
        };
        let stored = NewEvent {
            instance_id: event.instance_id.unwrap_or(UNASSIGNED),
            source: WIX_SOURCE.to_owned(),
            event_id: event.id,
            event_type: event.event_type,
            entity_id: event.entity_id,
            entity_sequence: event.entity_event_sequence,
            occurred_at: event.event_time,
            received_at: now,
            identity: event.identity,
            data: event.data,
            details: event.details,
            is_echo: false,
            deliveries: Vec::new(),
            echo: None,
        };
        self.store(stored, key).await
    }

    /// Verifies the `digest` header of a request of Wix.
    ///
    /// # Errors
    ///
    /// Fails if there is not one such header, the signature is not Wix's, or the body is another one.
    pub(crate) fn check_digest(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), ApiError> {
        let now = self.clock.now();
        let mut values = headers.get_all("digest").iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(ApiError::from(ErrorCode::WebhookSignatureInvalid)
                .with_detail("It has to have one `digest` header."));
        };
        let value = value.to_str().unwrap_or_default();
        self.verify(|key| verify_digest(value, body, key, now))
    }

    /// Tries the keys in turn: Wix's key ids are not published.
    fn verify<T>(&self, verify: impl Fn(&PublicKey) -> Result<T, JwtError>) -> Result<T, ApiError> {
        let mut refusal = None;
        for key in &self.keys {
            match verify(key) {
                Ok(verified) => return Ok(verified),
                // Another key may have made the signature.
                Err(error @ JwtError::WrongSignature) => {
                    refusal.get_or_insert(error);
                }
                Err(error) => refusal = Some(error),
            }
        }
        Err(match refusal {
            Some(error) => refuse(error),
            None => ErrorCode::WebhookNotConfigured.into(),
        })
    }
}

fn refuse(error: JwtError) -> ApiError {
    let code = match &error {
        JwtError::Expired => ErrorCode::WebhookExpired,
        JwtError::NotYetValid => ErrorCode::WebhookNotYetValid,
        JwtError::WrongContent(_) => ErrorCode::WebhookMalformed,
        _ => ErrorCode::WebhookSignatureInvalid,
    };
    ApiError::from(code).with_source(error)
}
