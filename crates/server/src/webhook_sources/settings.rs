//! What webhook sources are made of, checked and typed.

use std::sync::Arc;

use backlot_outbound::third_party::SecretSource;

use super::{FieldPath, SourceKind};

/// All of the sections.
#[derive(Debug, Clone, Default)]
pub struct WebhookSourcesSettings {
    /// The sources.
    pub list: Vec<WebhookSourceSettings>,
    /// The most bytes of a request's body.
    pub body_bytes: u64,
}

/// One source.
#[derive(Debug, Clone)]
pub struct WebhookSourceSettings {
    /// The name in `/webhooks/{name}`, and before the type of each event.
    pub name: Box<str>,
    /// How it signs, and where an event's facts are.
    pub kind: Arc<dyn SourceKind>,
    /// The secrets, of which any one proves a request.
    pub secrets: Vec<SecretSource>,
    /// Which instance an event is for.
    pub instance: InstanceRule,
    /// The address that the source knows this server by. Defaults to the server's public one.
    pub public_url: Option<String>,
    /// Where facts are, in place of where the kind looks for them.
    pub fields: FactPaths,
}

/// Where the facts of an event are.
#[derive(Debug, Clone, Default)]
pub struct FactPaths {
    /// The event's id.
    pub id: Option<FieldPath>,
    /// Its type.
    pub event_type: Option<FieldPath>,
    /// The entity that it is about.
    pub entity: Option<FieldPath>,
    /// When it happened.
    pub occurred_at: Option<FieldPath>,
}

/// Which instance an event is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstanceRule {
    /// None: the events are the app's.
    Unassigned,
    /// Each instance whose owner has connected the account.
    Account {
        /// The name of the connection.
        connection: Box<str>,
        /// The places where the account's id may be. The first one that has it counts.
        account: Vec<FieldPath>,
    },
    /// The instance with the id in a field.
    Field(FieldPath),
    /// The one that the address belongs to.
    Address,
}
