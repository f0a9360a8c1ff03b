//! Slack: `X-Slack-Signature: v0=…`, HMAC-SHA256 over `v0:{timestamp}:{body}`, within five minutes.
//!
//! <https://docs.slack.dev/authentication/verifying-requests-from-slack>. Events are JSON; slash commands are forms, and
//! interactions are forms with JSON in `payload`. `url_verification` is answered with its challenge.

use aws_lc_rs::hmac::HMAC_SHA256;
use backlot_outbound::third_party::SecretString;
use serde_json::Value;

use crate::webhook_sources::facts::{first_text, text, time};
use crate::webhook_sources::signature::{FIVE_MINUTES, check_hmac, check_time, hex, seconds};
use crate::webhook_sources::{
    EventFacts, SignatureError, SourceKind, SourceResponse, WebhookRequest,
};

const SIGNATURE: &str = "x-slack-signature";
const TIMESTAMP: &str = "x-slack-request-timestamp";

#[derive(Debug)]
pub(super) struct Slack;

impl SourceKind for Slack {
    fn verify(
        &self,
        request: &WebhookRequest<'_>,
        secrets: &[SecretString],
    ) -> Result<(), SignatureError> {
        let digits = request.required(SIGNATURE)?.strip_prefix("v0=");
        let digits = digits.ok_or_else(|| SignatureError::Malformed(SIGNATURE.into()))?;
        let made_at = request.required(TIMESTAMP)?;
        let parts = [b"v0:", made_at.as_bytes(), b":", request.body];
        check_hmac(HMAC_SHA256, secrets, &parts, &hex(digits, SIGNATURE)?)?;
        check_time(seconds(made_at, TIMESTAMP)?, request.now, FIVE_MINUTES)
    }

    fn facts(&self, request: &WebhookRequest<'_>, data: &Value) -> EventFacts {
        let is_command = data.get("command").is_some();
        let kind = || first_text(data, &["/event/type", "/type"]);
        let entities = [
            "/event/channel",
            "/event/channel/id",
            "/event/item/channel",
            "/event/user",
            "/event/user/id",
            "/channel/id",
            "/channel_id",
            "/user/id",
        ];
        let mut facts = EventFacts {
            id: first_text(data, &["/event_id", "/trigger_id"]),
            event_type: if is_command {
                Some("slash_command".to_owned())
            } else {
                kind()
            },
            entity_id: first_text(data, &entities),
            occurred_at: time(data, "/event_time"),
            ..EventFacts::default()
        };
        facts.detail(
            "teamId",
            first_text(data, &["/team_id", "/team/id", "/user/team_id"]),
        );
        facts.detail("apiAppId", text(data, "/api_app_id"));
        facts.detail("retryReason", request.header("x-slack-retry-reason"));
        facts
    }

    fn handshake(&self, _: &WebhookRequest<'_>, payload: &Value) -> Option<SourceResponse> {
        if text(payload, "/ssl_check").as_deref() == Some("1") {
            return Some(SourceResponse::default());
        }
        let is_challenge = text(payload, "/type").as_deref() == Some("url_verification");
        let challenge = text(payload, "/challenge").filter(|_| is_challenge);
        challenge.map(SourceResponse::text)
    }

    fn account(&self) -> &'static [&'static str] {
        &["/team_id", "/team/id", "/user/team_id"]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{Received, secrets};
    use super::*;

    /// The example of Slack's documentation.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
        &channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
        &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
        &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const V0: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn verify(signature: &str, now: i64, body: &str) -> Result<(), SignatureError> {
        let received = Received::at(now, ("", "/"), body)
            .with(SIGNATURE, signature)
            .with(TIMESTAMP, "1531420618");
        Slack.verify(&received.request(), &secrets(&[SECRET]))
    }

    #[test]
    fn the_example_of_slacks_documentation() {
        assert_eq!(verify(V0, 1_531_420_618, BODY), Ok(()));
        let mismatch = Err(SignatureError::Mismatch);
        assert_eq!(verify(V0, 1_531_420_618, &BODY[..9]), mismatch);
        let late = Err(SignatureError::OutOfTime(FIVE_MINUTES));
        assert_eq!(verify(V0, 1_531_420_919, BODY), late);
        assert!(verify(&V0.replace("v0", "v1"), 1_531_420_618, BODY).is_err());
    }

    #[test]
    fn challenges_are_returned_and_events_are_not() {
        let received = Received::at(0, ("", "/"), "");
        let handshake = |payload: Value| Slack.handshake(&received.request(), &payload);
        let challenge = json!({ "type": "url_verification", "challenge": "3eZbrw1aB" });
        assert_eq!(handshake(challenge).unwrap().body, "3eZbrw1aB");
        assert!(handshake(json!({ "ssl_check": "1" })).is_some());
        assert_eq!(
            handshake(json!({ "type": "event_callback", "challenge": "x" })),
            None
        );
    }

    #[test]
    fn events_commands_and_interactions_have_a_type() {
        let received = Received::at(0, ("", "/"), "");
        for (data, kind, id) in [
            (
                json!({ "type": "event_callback", "event_id": "Ev1", "event_time": 1, "event": { "type": "message" } }),
                "message",
                "Ev1",
            ),
            (
                json!({ "command": "/weather", "trigger_id": "13" }),
                "slash_command",
                "13",
            ),
            (
                json!({ "type": "block_actions", "trigger_id": "14" }),
                "block_actions",
                "14",
            ),
        ] {
            let facts = Slack.facts(&received.request(), &data);
            assert_eq!(facts.event_type.as_deref(), Some(kind));
            assert_eq!(facts.id.as_deref(), Some(id));
        }
    }
}
