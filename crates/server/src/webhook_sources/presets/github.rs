//! GitHub: `X-Hub-Signature-256: sha256=…`, HMAC-SHA256 over the body. GitHub documents no time window.
//!
//! <https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries>. A delivery that is sent again keeps its
//! `X-GitHub-Delivery`. Depending on the webhook's content type, the body is JSON, or a form with JSON in `payload`.

use aws_lc_rs::hmac::HMAC_SHA256;
use backlot_outbound::third_party::SecretString;
use serde_json::Value;

use crate::webhook_sources::facts::{first_text, text};
use crate::webhook_sources::signature::{check_hmac, hex};
use crate::webhook_sources::{EventFacts, SignatureError, SourceKind, WebhookRequest};

const SIGNATURE: &str = "x-hub-signature-256";

/// The entities that events are about, from the narrowest to the widest. Comments belong to their issue.
const ENTITIES: [&str; 12] = [
    "/issue/node_id",
    "/pull_request/node_id",
    "/discussion/node_id",
    "/release/node_id",
    "/workflow_run/node_id",
    "/check_run/node_id",
    "/check_suite/node_id",
    "/deployment/node_id",
    "/milestone/node_id",
    "/repository/node_id",
    "/installation/id",
    "/organization/node_id",
];

#[derive(Debug)]
pub(super) struct GitHub;

impl SourceKind for GitHub {
    fn verify(
        &self,
        request: &WebhookRequest<'_>,
        secrets: &[SecretString],
    ) -> Result<(), SignatureError> {
        let header = request.required(SIGNATURE)?;
        let digits = header.strip_prefix("sha256=");
        let digits = digits.ok_or_else(|| SignatureError::Malformed(SIGNATURE.into()))?;
        check_hmac(
            HMAC_SHA256,
            secrets,
            &[request.body],
            &hex(digits, SIGNATURE)?,
        )
    }

    fn facts(&self, request: &WebhookRequest<'_>, data: &Value) -> EventFacts {
        let event = request.header("x-github-event");
        let action = text(data, "/action");
        let mut facts = EventFacts {
            id: request.header("x-github-delivery").map(str::to_owned),
            event_type: event.map(|event| match action {
                Some(action) => format!("{event}.{action}"),
                None => event.to_owned(),
            }),
            entity_id: first_text(data, &ENTITIES),
            ..EventFacts::default()
        };
        facts.detail("hookId", request.header("x-github-hook-id"));
        facts.detail("repository", text(data, "/repository/full_name"));
        facts
    }

    fn account(&self) -> &'static [&'static str] {
        &["/installation/id"]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Received, secrets};
    use super::*;

    #[test]
    fn the_example_of_githubs_documentation() {
        let header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let verify = |header: &str, body: &str| {
            let received = Received::at(0, ("", "/"), body).with(SIGNATURE, header);
            GitHub.verify(
                &received.request(),
                &secrets(&["It's a Secret to Everybody"]),
            )
        };
        assert_eq!(verify(header, "Hello, World!"), Ok(()));
        assert_eq!(
            verify(header, "Hello, World"),
            Err(SignatureError::Mismatch)
        );
        assert!(verify(&header[7..], "Hello, World!").is_err());
        assert!(verify("sha256=", "Hello, World!").is_err());
    }

    #[test]
    fn facts_come_from_headers_and_content() {
        let received = Received::at(0, ("", "/"), "")
            .with("x-github-event", "issue_comment")
            .with("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958");
        let data = serde_json::json!({
            "action": "created",
            "issue": { "node_id": "I_1" },
            "repository": { "node_id": "R_1", "full_name": "octo/one" },
        });
        let facts = GitHub.facts(&received.request(), &data);
        assert_eq!(facts.event_type.as_deref(), Some("issue_comment.created"));
        assert_eq!(facts.entity_id.as_deref(), Some("I_1"));
        let id = facts.id.as_deref();
        assert_eq!(id, Some("72d3162e-cc78-11e3-81ab-4c9367dc0958"));
    }
}
