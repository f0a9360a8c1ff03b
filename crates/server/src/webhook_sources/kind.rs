//! What differs between sources: the signature, the handshake, and where an event's facts are.

use std::fmt;

use serde_json::Value;

use super::{EventFacts, SignatureError, WebhookRequest};
use backlot_outbound::third_party::SecretString;

/// A kind of webhook source.
pub trait SourceKind: fmt::Debug + Send + Sync {
    /// Checks that the request comes from the holder of one of the secrets. An empty list of secrets is only passed if
    /// [`Self::has_secret_in_url`], and the address itself is secret.
    ///
    /// # Errors
    /// If the signature is absent, does not fit, or is out of time.
    fn verify(
        &self,
        request: &WebhookRequest<'_>,
        secrets: &[SecretString],
    ) -> Result<(), SignatureError>;

    /// Returns the facts of an event.
    fn facts(&self, request: &WebhookRequest<'_>, data: &Value) -> EventFacts;

    /// Returns the response to a verified request that only proves that this server is there; `None` if it has events.
    fn handshake(&self, _request: &WebhookRequest<'_>, _payload: &Value) -> Option<SourceResponse> {
        None
    }

    /// Returns whether the source sends `GET` as a handshake.
    fn has_get_handshake(&self) -> bool {
        false
    }

    /// Returns whether each element of an array is an event.
    fn splits_arrays(&self) -> bool {
        false
    }

    /// Returns whether the signature covers the address, so that this server has to know its public one.
    fn signs_url(&self) -> bool {
        false
    }

    /// Returns whether the secret is in the address, so that an unguessable address needs no other one.
    fn has_secret_in_url(&self) -> bool {
        false
    }

    /// Returns the places where the id of the account may be that an event belongs to. The first one that has it counts.
    fn account(&self) -> &'static [&'static str] {
        &[]
    }

    /// Returns whether signatures can be checked with this secret.
    fn is_usable(&self, _secret: &SecretString) -> bool {
        true
    }

    /// Returns the response to a request whose events are stored.
    fn accepted(&self, _request: &WebhookRequest<'_>) -> SourceResponse {
        SourceResponse::default()
    }
}

/// A response with status 200, as a source expects it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceResponse {
    /// `Content-Type`, if there is a body.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: String,
}

impl SourceResponse {
    /// A text that the source compares with one that it has sent.
    pub(super) const fn text(body: String) -> Self {
        Self {
            content_type: Some("text/plain; charset=utf-8"),
            body,
        }
    }
}
