//! The content of a webhook: a domain event or a lifecycle event, with its nested JSON opened.
//!
//! - A domain event has an id, an entity and a time. The entity is in `createdEvent.entity`, `updatedEvent.currentEntity`,
//!   `deletedEvent.deletedEntity` or `actionEvent.body`; with `AsJson` behind the name in other events, and as an object
//!   or as text. All of them become an object under the name without `AsJson`.
//! - A lifecycle event (`AppInstalled`, plans, `SitePropertiesUpdated`) is flat and has no id. Its id is a fingerprint.
//! - Fields that are not known here stay as they were received.
//!
//! Caveat: a fingerprint is equal for equal content. Two installations of the app on one site have the same one, so it
//! takes what happened between them to tell them apart.
//!
//! Source: Wix documentation, "About Webhooks" and "Domain Events"; 198 samples in the tests.

mod fingerprint;
mod nesting;

use jiff::Timestamp;

use crate::InstanceId;
use crate::json_object::{JsonObject, quote};
use crate::jwt::Webhook;

/// The longest id of an event or entity; those of Wix have 36 characters.
const MAX_ID_BYTES: usize = 200;

/// An event of Wix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The id that Wix gave it, or a fingerprint of the content.
    pub id: String,
    /// Whether Wix gave it an id.
    pub has_own_id: bool,
    /// Such as `AppInstalled` or `wix.contacts.v4.contact_created`.
    pub event_type: String,
    /// The tenant. Absent on account-level webhooks.
    pub instance_id: Option<InstanceId>,
    /// Such as `wix.contacts.v4.contact`. Lifecycle events have none.
    pub entity_fqdn: Option<String>,
    /// Such as `created`.
    pub slug: Option<String>,
    /// The entity that it is about.
    pub entity_id: Option<String>,
    /// The number of the event among those of its entity.
    pub entity_event_sequence: Option<i64>,
    /// When it happened.
    pub event_time: Option<Timestamp>,
    /// Whether a request to erase personal data caused it.
    pub triggered_by_anonymize_request: bool,
    /// The action that caused it, such as `merge`.
    pub originated_from: Option<String>,
    /// Who caused it: JSON text.
    pub identity: Option<String>,
    /// The content, opened: the JSON text of an object.
    pub data: String,
    /// The other fields of the envelope: the JSON text of an object.
    pub details: String,
}

/// The content of a webhook is not an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// The content is not the text of a JSON object.
    #[error("the event's data is not a JSON object")]
    NotAnObject,
}

impl Event {
    /// Opens the content of a webhook.
    ///
    /// # Errors
    ///
    /// Fails if the content is not a JSON object.
    pub fn open(webhook: Webhook) -> Result<Self, EventError> {
        let mut content = JsonObject::parse(&webhook.data).ok_or(EventError::NotAnObject)?;
        let own_id = text_or_number(&content, "id").filter(|id| is_id(id));
        let has_own_id = own_id.is_some();
        let id = own_id.unwrap_or_else(|| fingerprint::fingerprint(&webhook));
        nesting::open(&mut content);
        let (instance_id, details) = instance(&webhook);
        let time = content.find_text("eventTime");
        let time = time.or_else(|| content.find_text("operationTimeStamp"));
        Ok(Self {
            id,
            has_own_id,
            instance_id,
            entity_fqdn: content.find_text("entityFqdn"),
            slug: content.find_text("slug"),
            entity_id: text_or_number(&content, "entityId").filter(|id| is_id(id)),
            entity_event_sequence: text_or_number(&content, "entityEventSequence")
                .and_then(|number| number.parse().ok()),
            event_time: time.and_then(|time| time.parse().ok()),
            triggered_by_anonymize_request: content.find("triggeredByAnonymizeRequest")
                == Some("true"),
            originated_from: content.find_text("originatedFrom"),
            data: content.to_json(),
            event_type: webhook.event_type,
            identity: webhook.identity,
            details,
        })
    }
}

/// Returns the instance, and the envelope's other fields. An instance id that is not a GUID belongs to no instance, and is
/// one of those fields.
fn instance(webhook: &Webhook) -> (Option<InstanceId>, String) {
    let Some(text) = &webhook.instance_id else {
        return (None, webhook.details.clone());
    };
    let instance_id: Option<InstanceId> = text.parse().ok();
    if instance_id.is_some() {
        return (instance_id, webhook.details.clone());
    }
    let rest = webhook.details.trim_start_matches('{');
    let comma = if rest == "}" { "" } else { "," };
    let details = format!("{{\"instanceId\":{}{comma}{rest}", quote(text));
    (None, details)
}

/// Returns whether a text can be an id. Databases do not take a zero in text.
fn is_id(text: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&text.len()) && !text.contains('\0')
}

/// Wix writes numbers of 64 bits as text, and older services write them as numbers.
fn text_or_number(content: &JsonObject<'_>, name: &str) -> Option<String> {
    content.find_text(name).or_else(|| {
        let json = content.find(name)?;
        let is_number = json.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        is_number.then(|| json.to_owned())
    })
}

#[cfg(test)]
mod tests;
