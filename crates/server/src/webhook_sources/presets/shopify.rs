//! Shopify: `X-Shopify-Hmac-Sha256`, base64 of the HMAC-SHA256 over the body. Shopify documents no time window.
//!
//! <https://shopify.dev/docs/apps/build/webhooks/subscribe/https>. Several subscriptions to one topic get the same
//! `X-Shopify-Event-Id`, and so do different topics that one change concerns, so that the id of an event is both. Its
//! newer events have the same headers without `X-`.

use aws_lc_rs::hmac::HMAC_SHA256;
use backlot_outbound::third_party::SecretString;
use serde_json::Value;

use crate::webhook_sources::facts::{first_text, read_time};
use crate::webhook_sources::signature::{base64, check_hmac};
use crate::webhook_sources::{EventFacts, SignatureError, SourceKind, WebhookRequest};

const SIGNATURE: &str = "x-shopify-hmac-sha256";
const NEW_SIGNATURE: &str = "shopify-hmac-sha256";

#[derive(Debug)]
pub(super) struct Shopify;

impl SourceKind for Shopify {
    fn verify(
        &self,
        request: &WebhookRequest<'_>,
        secrets: &[SecretString],
    ) -> Result<(), SignatureError> {
        let name = if request.headers.contains_key(SIGNATURE) {
            SIGNATURE
        } else if request.headers.contains_key(NEW_SIGNATURE) {
            NEW_SIGNATURE
        } else {
            return Err(SignatureError::Missing(SIGNATURE.into()));
        };
        let signature = base64(request.required(name)?, name)?;
        check_hmac(HMAC_SHA256, secrets, &[request.body], &signature)
    }

    fn facts(&self, request: &WebhookRequest<'_>, data: &Value) -> EventFacts {
        let either = |name: &str| {
            let old = request.header(&format!("x-{name}"));
            old.or_else(|| request.header(name)).map(str::to_owned)
        };
        let topic = either("shopify-topic");
        let event_id = either("shopify-event-id").map(|id| match &topic {
            Some(topic) => format!("{id}/{topic}"),
            None => id,
        });
        let mut facts = EventFacts {
            id: event_id.or_else(|| either("shopify-webhook-id")),
            event_type: topic,
            entity_id: first_text(data, &["/admin_graphql_api_id", "/id"]),
            occurred_at: either("shopify-triggered-at").and_then(|text| read_time(&text)),
            ..EventFacts::default()
        };
        facts.detail("shopDomain", either("shopify-shop-domain"));
        facts.detail("apiVersion", either("shopify-api-version"));
        facts.detail("webhookId", either("shopify-webhook-id"));
        facts
    }

    fn account(&self) -> &'static [&'static str] {
        &["header:X-Shopify-Shop-Domain", "header:Shopify-Shop-Domain"]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Received, secrets};
    use super::*;

    // HMAC-SHA256 with the key "hush" over {"id":1}, by openssl.
    const BODY: &str = r#"{"id":1}"#;
    const OF_BODY: &str = "VnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY=";

    #[test]
    fn signatures_are_base64() {
        for name in [SIGNATURE, NEW_SIGNATURE] {
            let received = Received::at(0, ("", "/"), BODY).with(name, OF_BODY);
            let verify = |texts| Shopify.verify(&received.request(), &secrets(texts));
            assert_eq!(verify(&["old", "hush"]), Ok(()));
            assert_eq!(verify(&["old"]), Err(SignatureError::Mismatch));
        }
        let received = Received::at(0, ("", "/"), BODY);
        let verified = Shopify.verify(&received.request(), &secrets(&["hush"]));
        assert_eq!(verified, Err(SignatureError::Missing(SIGNATURE.into())));
    }

    #[test]
    fn one_change_of_two_topics_is_two_events() {
        let id = |topic: &str| {
            let received = Received::at(0, ("", "/"), BODY)
                .with("x-shopify-event-id", "e1")
                .with("x-shopify-topic", topic)
                .with("x-shopify-triggered-at", "2023-03-29T18:00:27.877041743Z");
            let facts = Shopify.facts(&received.request(), &serde_json::json!({ "id": 1 }));
            assert_eq!(facts.event_type.as_deref(), Some(topic));
            assert_eq!(facts.entity_id.as_deref(), Some("1"));
            assert!(facts.occurred_at.is_some());
            facts.id
        };
        assert_ne!(id("orders/create"), id("orders/paid"));
        assert_eq!(id("orders/create"), id("orders/create"));
    }
}
