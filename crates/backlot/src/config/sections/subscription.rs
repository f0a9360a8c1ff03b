//! `[[subscription]]`

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::RateLimit;
use crate::config::values::{OneOrMore, Secret, Timeout, Value};

/// A destination of events: your own server. It gets each event as JSON, signed as Standard Webhooks says, at least once
/// and in order for each entity. Repeat the section for other destinations.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Subscription {
    /// The name: letters, digits, `-` and `_`. Deliveries are stored under it. Required.
    pub name: String,
    /// The types of its events: `["wix.contacts.v4.contact_*", "AppInstalled"]`. A `*` at the end matches any rest.
    pub events: Vec<String>,
    /// The URL to which events are posted: `http://127.0.0.1:3000/events`. It may be a private address. Or the subject of a
    /// NATS JetStream stream: `nats://127.0.0.1:4222/events.{type}`, or with TLS `tls://nats.example.com:4222/events.{type}`.
    /// Required.
    pub to: String,
    /// The credential for the NATS server: `{ user = "backlot", password = { env = "NATS_PASSWORD" } }` or
    /// `{ token = { env = "NATS_TOKEN" } }`. `ca = { file = "ca.pem" }` is the certificate of the authority that has signed
    /// the server's, if it is not one of the operating system's. Defaults to no credential.
    pub nats: Option<NatsAccess>,
    /// The secret that deliveries are signed with: `whsec_` and base64. To rotate it, write a list with the newest first:
    /// deliveries are signed with each. Defaults to a generated secret, which `backlot subscription secret NAME` prints.
    pub secret: Option<OneOrMore<Secret>>,
    /// What deliveries are in order of: each entity, each instance, or nothing.
    pub order: Order,
    /// How long your server may take to respond.
    pub timeout: Timeout,
    /// The number of attempts after which a delivery is dead. Attempts without a connection do not count.
    /// `backlot deliveries retry` makes it again.
    pub max_attempts: NonZeroU32,
    /// The time between attempts, varied by a fifth. The last one repeats. `Retry-After` of your server takes precedence.
    pub backoff: Vec<Timeout>,
    /// The number of attempts that are made at the same time by each node.
    pub concurrency: NonZeroU32,
    /// Conditions on the body, all of which have to hold: `{ "data.slug" = ["created", "updated"] }`. A field is written
    /// with dots or as a JSON pointer (`/data/slug`), and has to have the value, or one of the list.
    pub filter: BTreeMap<String, FilterValue>,
    /// The maximum rate of attempts by each node: `{ requests = 600, per = "1m" }`. Defaults to no limit.
    pub rate_limit: Option<RateLimit>,
    /// Whether to deliver echoes: events that a call with `Backlot-Echo` has caused. Their bodies have `echo: true`. See
    /// docs/syncs.md.
    pub allow_echo: bool,
}

/// How to log in to a NATS server.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NatsAccess {
    /// The user.
    pub user: Option<Value>,
    /// The user's password.
    pub password: Option<Secret>,
    /// A token, in place of user and password.
    pub token: Option<Secret>,
    /// Certificates of authorities in PEM, to trust besides those of the operating system.
    pub ca: Option<Value>,
}

/// What deliveries are in order of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Each entity.
    Entity,
    /// Each instance.
    Instance,
    /// Nothing.
    None,
}

/// A value of a field, or a list of values.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a field's value is a text, a number, a boolean, or a list of these; a field within another is written with dots: filter = { \"data.slug\" = \"created\" }"
)]
pub enum FilterValue {
    /// Any of these.
    List(Vec<FilterScalar>),
    /// This one.
    One(FilterScalar),
}

/// A value that a field can have.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FilterScalar {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// A text.
    Text(String),
}

impl JsonSchema for NatsAccess {
    fn schema_name() -> Cow<'static, str> {
        "NatsAccess".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "format": "{ user = …, password = … } or { token = … }" })
    }
}

impl Default for Subscription {
    fn default() -> Self {
        Self {
            name: String::new(),
            events: vec!["*".to_owned()],
            to: String::new(),
            nats: None,
            secret: None,
            order: Order::Entity,
            timeout: Timeout::seconds(10),
            max_attempts: NonZeroU32::MIN.saturating_add(11),
            backoff: vec![
                Timeout::seconds(5),
                Timeout::seconds(30),
                Timeout::minutes(2),
                Timeout::minutes(10),
                Timeout::hours(1),
            ],
            concurrency: NonZeroU32::MIN.saturating_add(15),
            filter: BTreeMap::new(),
            rate_limit: None,
            allow_echo: true,
        }
    }
}
