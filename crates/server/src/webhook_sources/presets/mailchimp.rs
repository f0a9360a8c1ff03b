//! Mailchimp: no signature. The address holds the secret, as `?secret=…` or as an address of the instance.
//!
//! <https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/>. Before it sends forms, Mailchimp asks
//! for the address by `GET`. Events have no id.

use backlot_outbound::third_party::SecretString;
use http::Method;
use serde_json::Value;

use crate::webhook_sources::facts::{first_text, text, time};
use crate::webhook_sources::signature::check_secret;
use crate::webhook_sources::{EventFacts, SignatureError, SourceKind, WebhookRequest};

/// The name of the parameter with the secret.
const SECRET: &str = "secret";

#[derive(Debug)]
pub(super) struct Mailchimp;

impl SourceKind for Mailchimp {
    fn verify(
        &self,
        request: &WebhookRequest<'_>,
        secrets: &[SecretString],
    ) -> Result<(), SignatureError> {
        if secrets.is_empty() {
            return Ok(());
        }
        match request.query(SECRET) {
            Some(secret) => check_secret(secrets, &secret),
            // The handshake says nothing, and may come to the address without its query.
            None if request.method == Method::GET => Ok(()),
            None => Err(SignatureError::Missing("?secret=".into())),
        }
    }

    fn facts(&self, _: &WebhookRequest<'_>, data: &Value) -> EventFacts {
        let mut facts = EventFacts {
            event_type: text(data, "/type"),
            entity_id: first_text(data, &["/data/id", "/data/new_id", "/data/list_id"]),
            occurred_at: time(data, "/fired_at"),
            ..EventFacts::default()
        };
        facts.detail("listId", text(data, "/data/list_id"));
        facts
    }

    fn has_get_handshake(&self) -> bool {
        true
    }

    fn has_secret_in_url(&self) -> bool {
        true
    }

    fn account(&self) -> &'static [&'static str] {
        &["/data/list_id"]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Received, secrets};
    use super::*;

    #[test]
    fn the_address_holds_the_secret() {
        let verify = |target: &str, texts: &[&str]| {
            let received = Received::at(0, ("", target), "");
            Mailchimp.verify(&received.request(), &secrets(texts))
        };
        let texts = ["old", "n e w"];
        assert_eq!(verify("/webhooks/m?secret=n+e+w", &texts), Ok(()));
        assert_eq!(verify("/webhooks/m?secret=old", &texts), Ok(()));
        assert_eq!(
            verify("/webhooks/m?secret=ol", &texts),
            Err(SignatureError::Mismatch)
        );
        assert!(matches!(
            verify("/webhooks/m", &texts),
            Err(SignatureError::Missing(_))
        ));
        assert_eq!(verify("/webhooks/m/key", &[]), Ok(()));
        let mut handshake = Received::at(0, ("", "/webhooks/m"), "");
        handshake.method = Method::GET;
        let verified = Mailchimp.verify(&handshake.request(), &secrets(&texts));
        assert_eq!(verified, Ok(()));
    }
}
