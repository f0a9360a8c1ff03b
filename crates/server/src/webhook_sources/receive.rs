//! A request of a source, from its signature to the response.
//!
//! The signature comes first, then the handshake, then the events. The response with status 200 is sent once the events
//! are stored; if they cannot be, the source sends them again.

use std::fmt::Write as _;

use aws_lc_rs::digest;
use backlot_outbound::third_party::SecretString;
use backlot_store::events::NewEvent;
use http::Method;
use serde_json::Value;

use super::assign::Assignment;
use super::facts::read_time;
use super::payload::Payload;
use super::{
    FieldPath, InstanceRule, SignatureError, SourceResponse, WebhookRequest, WebhookSource,
    WebhookSources,
};
use crate::connections::secret_source;
use crate::error::{ApiError, ErrorCode};

/// The most bytes of an id; of a longer one, its hash is stored.
const MAX_ID_BYTES: usize = 256;
/// The most characters of a provider's name for a type.
const MAX_TYPE_LENGTH: usize = 200;
/// The type of events without one.
const NO_TYPE: &str = "event";

impl WebhookSources {
    /// Receives a request, with the key of its address if it has one. Returns the response once its events are stored.
    pub(crate) async fn receive(
        &self,
        source: &WebhookSource,
        key: Option<&str>,
        request: &WebhookRequest<'_>,
    ) -> Result<SourceResponse, ApiError> {
        let kind = &source.settings.kind;
        let secrets = self.secrets(source).await?;
        kind.verify(request, &secrets).map_err(refused)?;
        let by_address = match (&source.settings.instance, key) {
            (InstanceRule::Address, Some(key)) => Some(self.instance_of(source, key).await?),
            (InstanceRule::Address, None) | (_, Some(_)) => return Err(unknown_address()),
            (_, None) => None,
        };
        if matches!(*request.method, Method::GET | Method::HEAD) {
            return Ok(SourceResponse::default());
        }
        let payload = Payload::read(request)
            .map_err(|error| ApiError::from(ErrorCode::SourcePayloadInvalid).with_source(error))?;
        if let Some(handshake) = kind.handshake(request, &payload.value) {
            return Ok(handshake);
        }
        let elements = if kind.splits_arrays() {
            payload.split()
        } else {
            vec![payload]
        };
        let mut assignment = Assignment::new(self, source, by_address);
        let mut events = Vec::with_capacity(elements.len());
        for element in elements {
            let instances = assignment.of_event(request, &element.value).await?;
            let event = source.event(request, element);
            events.extend(instances.into_iter().map(|instance_id| NewEvent {
                instance_id,
                ..event.clone()
            }));
        }
        if !events.is_empty() {
            self.intake.accept(events).await?;
        }
        Ok(kind.accepted(request))
    }

    async fn secrets(&self, source: &WebhookSource) -> Result<Vec<SecretString>, ApiError> {
        let mut secrets = Vec::with_capacity(source.settings.secrets.len());
        for secret in &source.settings.secrets {
            secrets.push(secret_source::read(secret, self.vault.as_ref(), None).await?);
        }
        Ok(secrets)
    }
}

impl WebhookSource {
    /// An event that is for no instance yet.
    fn event(&self, request: &WebhookRequest<'_>, element: Payload) -> NewEvent {
        let Payload { value: data, json } = element;
        let facts = self.settings.kind.facts(request, &data);
        let fields = &self.settings.fields;
        let at = |path: &Option<FieldPath>| path.as_ref()?.find(request, &data);
        let event_type = at(&fields.event_type).or(facts.event_type);
        let occurred_at = at(&fields.occurred_at).and_then(|text| read_time(&text));
        let name = &self.settings.name;
        let id = at(&fields.id).or(facts.id);
        NewEvent {
            instance_id: backlot_store::events::UNASSIGNED,
            source: name.to_string(),
            event_id: match id {
                Some(id) => storable(id),
                // Sent again, it is the same.
                None => hash(&json),
            },
            event_type: format!("{name}/{}", type_name(event_type.as_deref())),
            entity_id: at(&fields.entity).or(facts.entity_id).map(storable),
            entity_sequence: None,
            occurred_at: occurred_at.or(facts.occurred_at),
            received_at: request.now,
            identity: None,
            data: json,
            details: Value::Object(facts.details).to_string(),
            is_echo: false,
            echo: None,
            deliveries: Vec::new(),
        }
    }
}

/// An id that both databases can store and look up.
fn storable(id: String) -> String {
    if id.len() > MAX_ID_BYTES || id.contains(char::is_control) {
        return hash(&id);
    }
    id
}

fn hash(text: &str) -> String {
    let mut name = String::from("sha256-");
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    for byte in hash.as_ref() {
        let _ = write!(name, "{byte:02x}");
    }
    name
}

fn type_name(text: Option<&str>) -> String {
    let name = text.unwrap_or_default().chars();
    let name = name.filter(|letter| !letter.is_control() && !letter.is_whitespace());
    let name: String = name.take(MAX_TYPE_LENGTH).collect();
    if name.is_empty() {
        return NO_TYPE.to_owned();
    }
    name
}

fn refused(error: SignatureError) -> ApiError {
    let code = match &error {
        SignatureError::UnusableSecret => ErrorCode::SecretUnreadable,
        SignatureError::Missing(_)
        | SignatureError::Malformed(_)
        | SignatureError::Mismatch
        | SignatureError::OutOfTime(_) => ErrorCode::SourceSignatureInvalid,
    };
    ApiError::from(code).with_source(error)
}

pub(super) fn unknown_address() -> ApiError {
    ErrorCode::WebhookAddressUnknown.into()
}
