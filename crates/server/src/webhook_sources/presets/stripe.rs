//! Stripe: `Stripe-Signature: t=1700000000,v1=…`, HMAC-SHA256 over `{t}.{body}`, within five minutes.
//!
//! <https://docs.stripe.com/webhooks?verify=verify-manually>. While a secret is replaced, there are several `v1`. Other
//! schemes, such as `v0` of test events, are ignored.

use aws_lc_rs::hmac::HMAC_SHA256;
use backlot_outbound::third_party::SecretString;
use serde_json::Value;

use crate::webhook_sources::facts::{first_text, text, time};
use crate::webhook_sources::signature::{FIVE_MINUTES, any_key, check_time, hex, seconds};
use crate::webhook_sources::{EventFacts, SignatureError, SourceKind, WebhookRequest};

const SIGNATURE: &str = "stripe-signature";

#[derive(Debug)]
pub(super) struct Stripe;

impl SourceKind for Stripe {
    fn verify(
        &self,
        request: &WebhookRequest<'_>,
        secrets: &[SecretString],
    ) -> Result<(), SignatureError> {
        let header = request.required(SIGNATURE)?;
        let mut made_at = None;
        let mut signatures = Vec::new();
        for part in header.split(',') {
            match part.trim().split_once('=') {
                Some(("t", text)) => made_at = Some(text),
                Some(("v1", text)) => signatures.push(hex(text, SIGNATURE)?),
                _ => {}
            }
        }
        let made_at = made_at.ok_or_else(|| SignatureError::Malformed(SIGNATURE.into()))?;
        let signatures: Vec<&[u8]> = signatures.iter().map(Vec::as_slice).collect();
        let keys = secrets.iter().map(|secret| secret.reveal().as_bytes());
        let parts = [made_at.as_bytes(), b".", request.body];
        any_key(keys, HMAC_SHA256, &parts, &signatures)?;
        check_time(seconds(made_at, SIGNATURE)?, request.now, FIVE_MINUTES)
    }

    fn facts(&self, _: &WebhookRequest<'_>, data: &Value) -> EventFacts {
        let mut facts = EventFacts {
            id: text(data, "/id"),
            event_type: text(data, "/type"),
            entity_id: first_text(data, &["/data/object/id", "/related_object/id"]),
            occurred_at: time(data, "/created"),
            ..EventFacts::default()
        };
        facts.detail("account", text(data, "/account"));
        facts.detail("livemode", data.get("livemode").cloned());
        facts.detail("apiVersion", text(data, "/api_version"));
        facts
    }

    fn account(&self) -> &'static [&'static str] {
        &["/account", "/context"]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Received, secrets};
    use super::*;

    /// Made by `generateTestHeaderString` of npm's `stripe`.
    const BODY: &str = r#"{"id":"evt_1","object":"event","type":"invoice.paid"}"#;
    const V1: &str = "dfb4777aaaec4ea29ff455dd4df7fe6b2ef71096ad3a93a158db7e100109ea91";
    const MADE_AT: i64 = 1_700_000_000;

    fn verify(header: &str, now: i64, body: &str, texts: &[&str]) -> Result<(), SignatureError> {
        let received = Received::at(now, ("", "/"), body).with(SIGNATURE, header);
        Stripe.verify(&received.request(), &secrets(texts))
    }

    #[test]
    fn signatures_of_stripes_own_library() {
        let header = format!("t={MADE_AT},v1={V1}");
        let both = ["another", "whsec_test_secret"];
        assert_eq!(verify(&header, MADE_AT, BODY, &both), Ok(()));
        assert_eq!(verify(&header, MADE_AT + 300, BODY, &both), Ok(()));
        let several = format!("t={MADE_AT},v1={},v0=ab,v1={V1}", "00".repeat(32));
        assert_eq!(verify(&several, MADE_AT - 300, BODY, &both), Ok(()));
    }

    #[test]
    fn signatures_that_prove_nothing() {
        let header = format!("t={MADE_AT},v1={V1}");
        let secret = ["whsec_test_secret"];
        let mismatch = Err(SignatureError::Mismatch);
        assert_eq!(verify(&header, MADE_AT, BODY, &["another"]), mismatch);
        assert_eq!(verify(&header, MADE_AT, &BODY[1..], &secret), mismatch);
        let other_time = format!("t={},v1={V1}", MADE_AT + 1);
        assert_eq!(verify(&other_time, MADE_AT, BODY, &secret), mismatch);
        let other_scheme = format!("t={MADE_AT},v0={V1}");
        assert_eq!(verify(&other_scheme, MADE_AT, BODY, &secret), mismatch);
        for seconds in [-301, 301] {
            assert_eq!(
                verify(&header, MADE_AT + seconds, BODY, &secret),
                Err(SignatureError::OutOfTime(FIVE_MINUTES))
            );
        }
        for malformed in ["", "t=1", "v1=zz,t=1", &format!("v1={V1}")] {
            assert!(
                verify(malformed, MADE_AT, BODY, &secret).is_err(),
                "{malformed}"
            );
        }
    }
}
