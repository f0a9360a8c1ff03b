//! Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`, HMAC-SHA256 over `{id}.{time}.{body}`,
//! within five minutes.
//!
//! <https://www.standardwebhooks.com>. Secrets are base64 after `whsec_`. Of several signatures, which there are while a
//! secret is replaced, those of version 1 count; version 1a, which is asymmetric, is not supported. Services that are
//! older than the standard send the same headers as `svix-…`.

use aws_lc_rs::hmac::HMAC_SHA256;
use backlot_outbound::third_party::SecretString;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::webhook_sources::facts::{first_text, text, time};
use crate::webhook_sources::signature::{FIVE_MINUTES, any_key, check_time, seconds};
use crate::webhook_sources::{EventFacts, SignatureError, SourceKind, WebhookRequest};

const ID: [&str; 2] = ["webhook-id", "svix-id"];
const TIMESTAMP: [&str; 2] = ["webhook-timestamp", "svix-timestamp"];
const SIGNATURE: [&str; 2] = ["webhook-signature", "svix-signature"];

#[derive(Debug)]
pub(super) struct StandardWebhooks;

impl SourceKind for StandardWebhooks {
    fn verify(
        &self,
        request: &WebhookRequest<'_>,
        secrets: &[SecretString],
    ) -> Result<(), SignatureError> {
        let spelling = usize::from(!request.headers.contains_key(ID[0]));
        // Of the older names only all three together.
        let spelling = if request.headers.contains_key(ID[spelling]) {
            spelling
        } else {
            0
        };
        let id = request.required(ID[spelling])?;
        let made_at = request.required(TIMESTAMP[spelling])?;
        let header = request.required(SIGNATURE[spelling])?;
        let versions = header.split_ascii_whitespace();
        let signatures: Vec<Vec<u8>> = versions
            .filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok())
            .collect();
        let signatures: Vec<&[u8]> = signatures.iter().map(Vec::as_slice).collect();
        let keys: Vec<_> = secrets.iter().filter_map(key).collect();
        if keys.is_empty() {
            return Err(SignatureError::UnusableSecret);
        }
        let parts = [id.as_bytes(), b".", made_at.as_bytes(), b".", request.body];
        let keys = keys.iter().map(|key| key.as_slice());
        any_key(keys, HMAC_SHA256, &parts, &signatures)?;
        let time = seconds(made_at, TIMESTAMP[spelling])?;
        check_time(time, request.now, FIVE_MINUTES)
    }

    fn is_usable(&self, secret: &SecretString) -> bool {
        key(secret).is_some()
    }

    fn facts(&self, request: &WebhookRequest<'_>, data: &Value) -> EventFacts {
        let id = ID.into_iter().find_map(|name| request.header(name));
        EventFacts {
            id: id.map(str::to_owned),
            event_type: first_text(data, &["/type", "/event_type", "/eventType"]),
            entity_id: text(data, "/data/id"),
            occurred_at: time(data, "/timestamp"),
            ..EventFacts::default()
        }
    }
}

/// The bytes of a secret. `None` if it is not base64.
fn key(secret: &SecretString) -> Option<Zeroizing<Vec<u8>>> {
    let text = secret.reveal();
    let text = text.strip_prefix("whsec_").unwrap_or(text);
    let key = STANDARD.decode(text).ok().filter(|key| !key.is_empty());
    key.map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Received, secrets};
    use super::*;

    /// The example that the libraries of the standard are tested with.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &str = r#"{"test": 2432232314}"#;
    const V1: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const MADE_AT: i64 = 1_614_265_330;

    fn received(spelling: usize, signature: &str) -> Received {
        Received::at(MADE_AT, ("", "/"), BODY)
            .with(ID[spelling], "msg_p5jXN8AQM9LWM0D4loKWxJek")
            .with(TIMESTAMP[spelling], "1614265330")
            .with(SIGNATURE[spelling], signature)
    }

    fn verify(received: &Received, texts: &[&str]) -> Result<(), SignatureError> {
        StandardWebhooks.verify(&received.request(), &secrets(texts))
    }

    #[test]
    fn the_example_of_the_standard() {
        let several = format!("v1a,abc v1,AAAA {V1}");
        for spelling in [0, 1] {
            assert_eq!(verify(&received(spelling, V1), &[SECRET]), Ok(()));
            let bare = &SECRET["whsec_".len()..];
            let texts = ["whsec_AAAA", bare];
            assert_eq!(verify(&received(spelling, &several), &texts), Ok(()));
        }
    }

    #[test]
    fn signatures_that_prove_nothing() {
        let mismatch = Err(SignatureError::Mismatch);
        let as_v1a = V1.replace("v1", "v1a");
        assert_eq!(verify(&received(0, &as_v1a), &[SECRET]), mismatch);
        assert_eq!(verify(&received(0, V1), &["whsec_AAAA"]), mismatch);
        let unusable = Err(SignatureError::UnusableSecret);
        assert_eq!(verify(&received(0, V1), &["whsec_!"]), unusable);
        let mut late = received(0, V1);
        late.now = jiff::Timestamp::from_second(MADE_AT + 301).unwrap();
        assert_eq!(
            verify(&late, &[SECRET]),
            Err(SignatureError::OutOfTime(FIVE_MINUTES))
        );
        let mut mixed = received(0, V1);
        mixed.headers.remove(TIMESTAMP[0]);
        let mixed = mixed.with(TIMESTAMP[1], "1614265330");
        let missing = Err(SignatureError::Missing(TIMESTAMP[0].into()));
        assert_eq!(verify(&mixed, &[SECRET]), missing);
    }
}
