//! `HubSpot`: `X-HubSpot-Signature-v3`, base64 of the HMAC-SHA256 over method, address, body and time, within five
//! minutes.
//!
//! <https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation>. Requests
//! carry versions 1 and 2 of the signature as well, which prove less: they hold no time, so that a recorded request could
//! be sent again. They are not accepted in the place of version 3. Some characters of the address are decoded before it is
//! signed. One request holds up to 100 events.

use aws_lc_rs::hmac::HMAC_SHA256;
use backlot_outbound::third_party::SecretString;
use jiff::Timestamp;
use serde_json::Value;

use crate::webhook_sources::facts::{text, time};
use crate::webhook_sources::signature::{FIVE_MINUTES, base64, check_hmac, check_time};
use crate::webhook_sources::{
    EventFacts, SignatureError, SourceKind, SourceResponse, WebhookRequest,
};

const SIGNATURE: &str = "x-hubspot-signature-v3";
const TIMESTAMP: &str = "x-hubspot-request-timestamp";

/// The characters that are decoded.
const DECODED: [(&str, &str); 12] = [
    ("%3A", ":"),
    ("%2F", "/"),
    ("%3F", "?"),
    ("%40", "@"),
    ("%21", "!"),
    ("%24", "$"),
    ("%27", "'"),
    ("%28", "("),
    ("%29", ")"),
    ("%2A", "*"),
    ("%2C", ","),
    ("%3B", ";"),
];

#[derive(Debug)]
pub(super) struct HubSpot;

impl SourceKind for HubSpot {
    fn verify(
        &self,
        request: &WebhookRequest<'_>,
        secrets: &[SecretString],
    ) -> Result<(), SignatureError> {
        let signature = base64(request.required(SIGNATURE)?, SIGNATURE)?;
        let made_at = request.required(TIMESTAMP)?;
        let url = decode(&request.url());
        let parts = [
            request.method.as_str().as_bytes(),
            url.as_bytes(),
            request.body,
            made_at.as_bytes(),
        ];
        check_hmac(HMAC_SHA256, secrets, &parts, &signature)?;
        let milliseconds = made_at.parse().ok();
        let time = milliseconds.and_then(|number| Timestamp::from_millisecond(number).ok());
        let time = time.ok_or_else(|| SignatureError::Malformed(TIMESTAMP.into()))?;
        check_time(time, request.now, FIVE_MINUTES)
    }

    fn facts(&self, _: &WebhookRequest<'_>, data: &Value) -> EventFacts {
        let field = |name: &str| text(data, name);
        // "eventId … is not guaranteed to be unique", so it takes more to tell one event from another.
        let parts = ["/eventId", "/subscriptionId", "/objectId", "/occurredAt"].map(field);
        let parts: Option<Vec<String>> = parts.into_iter().collect();
        let mut facts = EventFacts {
            id: parts.map(|parts| parts.join("-")),
            event_type: field("/subscriptionType").or_else(|| field("/eventType")),
            entity_id: field("/objectId").or_else(|| field("/fromObjectId")),
            occurred_at: time(data, "/occurredAt"),
            ..EventFacts::default()
        };
        facts.detail("portalId", data.get("portalId").cloned());
        facts.detail("appId", data.get("appId").cloned());
        facts
    }

    fn handshake(&self, _: &WebhookRequest<'_>, payload: &Value) -> Option<SourceResponse> {
        let is_only = payload.as_object().is_some_and(|object| object.len() == 1);
        let challenge = text(payload, "/challenge").filter(|_| is_only);
        challenge.map(SourceResponse::text)
    }

    fn splits_arrays(&self) -> bool {
        true
    }

    fn signs_url(&self) -> bool {
        true
    }

    fn account(&self) -> &'static [&'static str] {
        &["/portalId"]
    }
}

fn decode(url: &str) -> String {
    let mut decoded = String::with_capacity(url.len());
    let mut rest = url;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        decoded.push_str(before);
        let is_it = |(encoded, _): &&(&str, &str)| {
            let start = from.get(..encoded.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(encoded))
        };
        let (taken, character) = DECODED.iter().find(is_it).map_or((1, "%"), |it| (3, it.1));
        decoded.push_str(character);
        rest = &from[taken..];
    }
    decoded.push_str(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Received, secrets};
    use super::*;

    const SECRET: &str = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
    /// Made by `Signature.getSignature` of npm's `@hubspot/api-client`, over the address with `a=b:c`.
    const OF_BODY: &str = "lklMsMhUSGZKdArDz+QOADa2b5g2D6z8SsCQqUchOwQ=";

    fn received(target: &str, now: i64) -> Received {
        let url = ("https://www.example.com", target);
        Received::at(now, url, r#"[{"eventId":1}]"#)
            .with(SIGNATURE, OF_BODY)
            .with(TIMESTAMP, "1700000000000")
    }

    fn verify(received: &Received) -> Result<(), SignatureError> {
        HubSpot.verify(&received.request(), &secrets(&["another", SECRET]))
    }

    #[test]
    fn signatures_of_hubspots_own_library() {
        for target in [
            "/webhook_uri?a=b:c",
            "/webhook_uri?a=b%3Ac",
            "/webhook_uri?a=b%3ac",
        ] {
            assert_eq!(verify(&received(target, 1_700_000_300)), Ok(()), "{target}");
        }
        let mut other = received("/webhook_uri?a=b%3Bc", 1_700_000_000);
        assert_eq!(verify(&other), Err(SignatureError::Mismatch));
        other.headers.remove(TIMESTAMP);
        assert_eq!(
            verify(&other),
            Err(SignatureError::Missing(TIMESTAMP.into()))
        );
        let late = received("/webhook_uri?a=b:c", 1_700_000_301);
        assert_eq!(verify(&late), Err(SignatureError::OutOfTime(FIVE_MINUTES)));
    }

    #[test]
    fn only_the_documented_characters_are_decoded() {
        assert_eq!(decode("/a%2Fb%20c%26%3D%"), "/a/b%20c%26%3D%");
        assert_eq!(decode("%253A%3a%3"), "%253A:%3");
    }

    #[test]
    fn an_event_that_is_sent_again_keeps_its_id() {
        let id = |attempt: u32, object: u32| {
            let data = serde_json::json!({
                "eventId": 1, "subscriptionId": 12345, "portalId": 62515, "occurredAt": 1_564_113_600_000_i64,
                "subscriptionType": "contact.creation", "attemptNumber": attempt, "objectId": object,
            });
            let facts = HubSpot.facts(&received("/", 0).request(), &data);
            assert_eq!(facts.event_type.as_deref(), Some("contact.creation"));
            facts.id
        };
        assert_eq!(id(0, 123), id(1, 123));
        assert_ne!(id(0, 123), id(0, 124));
    }
}
