//! Square: `x-square-hmacsha256-signature`, base64 of the HMAC-SHA256 over the notification URL and the body. Square
//! documents no time window.
//!
//! <https://developer.squareup.com/docs/webhooks/step3validate>. The URL is the one that is registered with Square.

use aws_lc_rs::hmac::HMAC_SHA256;
use backlot_outbound::third_party::SecretString;
use serde_json::Value;

use crate::webhook_sources::facts::{text, time};
use crate::webhook_sources::signature::{base64, check_hmac};
use crate::webhook_sources::{EventFacts, SignatureError, SourceKind, WebhookRequest};

const SIGNATURE: &str = "x-square-hmacsha256-signature";

#[derive(Debug)]
pub(super) struct Square;

impl SourceKind for Square {
    fn verify(
        &self,
        request: &WebhookRequest<'_>,
        secrets: &[SecretString],
    ) -> Result<(), SignatureError> {
        let signature = base64(request.required(SIGNATURE)?, SIGNATURE)?;
        let url = request.url();
        let parts = [url.as_bytes(), request.body];
        check_hmac(HMAC_SHA256, secrets, &parts, &signature)
    }

    fn facts(&self, _: &WebhookRequest<'_>, data: &Value) -> EventFacts {
        let mut facts = EventFacts {
            id: text(data, "/event_id"),
            event_type: text(data, "/type"),
            entity_id: text(data, "/data/id"),
            occurred_at: time(data, "/created_at"),
            ..EventFacts::default()
        };
        facts.detail("merchantId", text(data, "/merchant_id"));
        facts
    }

    fn signs_url(&self) -> bool {
        true
    }

    fn account(&self) -> &'static [&'static str] {
        &["/merchant_id"]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Received, secrets};
    use super::*;

    #[test]
    fn the_example_of_squares_documentation() {
        let verify = |target: &str| {
            let url = ("https://example.com", target);
            let received = Received::at(0, url, r#"{"hello":"world"}"#)
                .with(SIGNATURE, "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=");
            Square.verify(&received.request(), &secrets(&["asdf1234"]))
        };
        assert_eq!(verify("/webhook"), Ok(()));
        assert_eq!(verify("/webhook/"), Err(SignatureError::Mismatch));
    }
}
