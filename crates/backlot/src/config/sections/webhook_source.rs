//! `[[webhook_source]]`

use std::borrow::Cow;
use std::collections::BTreeMap;

use backlot_outbound::third_party::{HmacHash, SignatureEncoding};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::config::values::{OneOrMore, Timeout, Value};

/// A third party that sends webhooks to `/webhooks/{name}`. Its events are verified, stored, and delivered like Wix's;
/// their type is the name, a slash, and the provider's type: `stripe/invoice.paid`. docs/webhook-sources.md has an example
/// of each preset.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSource {
    /// The name in the path and before the type of each event: lowercase letters, digits, `-` and `_`. Required.
    pub name: String,
    /// A provider whose signature is known: `"stripe"`, `"hubspot"`, `"github"`, `"shopify"`, `"slack"`, `"square"`,
    /// `"twilio"`, `"mailchimp"` or `"standard-webhooks"`. For any other, set `hmac` or `shared_secret`.
    pub preset: Option<String>,
    /// The signature of a provider that has no preset: `{ over = "{timestamp}.{body}", headers = { "X-Signature" =
    /// "t={timestamp},v1={signature}" } }`. The placeholders are those of `hmac` in `[[connection]]`. `hash` is
    /// `"sha1"`, `"sha256"` (the default) or `"sha512"`, `encoding` is `"hex"` (the default) or `"base64"`, and
    /// `tolerance` is the time window of a signed time, which defaults to `"5m"`.
    pub hmac: Option<HmacSource>,
    /// A secret that the provider sends unchanged: `{ header = "X-Secret" }`, `{ header = "Authorization", prefix =
    /// "Bearer " }` or `{ query = "secret" }`. "Send HTTP request" of Wix Automations can do so.
    pub shared_secret: Option<SharedSecret>,
    /// The signing secret, or a list of secrets while it is replaced. Required, unless the address of each instance is
    /// the secret (`instance = "address"` with `preset = "mailchimp"` or `shared_secret = { query = … }`).
    pub secret: Option<Secrets>,
    /// The instance that an event is for: `{ connection = "hubspot", account = "/portalId" }` if its owner connected the
    /// account with this id, `{ field = "/data/object/metadata/instanceId" }` if the event names it, or `"address"` if
    /// each instance has its own address (`POST /webhooks/{name}/addresses`). `account` may be a list of places, of which
    /// the first one counts that has a value. It defaults to those in which the preset's provider names the account. Events of unknown accounts and instances belong to none. Defaults to
    /// none for all events.
    pub instance: Option<InstanceOf>,
    /// Where an event's id is: a JSON pointer into the event (`"/id"`), `"header:NAME"` or `"query:NAME"`. An event with an
    /// id that is stored already is not stored again. Defaults to the preset's, or else to a hash of the event.
    pub id: Option<String>,
    /// Where its type is. Defaults to the preset's, or else to the type `event`.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// Where the id of the entity is that it is about. Events of one entity are delivered in order. Defaults to the
    /// preset's.
    pub entity: Option<String>,
    /// Where the time is at which it happened: RFC 3339, or seconds or milliseconds since 1970. Defaults to the preset's.
    pub occurred_at: Option<String>,
    /// The address that the provider knows this server by, if the signature covers it: `"https://backend.example.com"`.
    /// Defaults to `server.public_url`.
    pub public_url: Option<String>,
}

/// `{ over = "{timestamp}.{body}", headers = { "X-Signature" = "t={timestamp},v1={signature}" } }`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HmacSource {
    /// The template of the signed text.
    pub over: String,
    /// The templates of the headers that carry the signature and its time.
    pub headers: BTreeMap<String, String>,
    /// The hash function.
    #[serde(default)]
    pub hash: HmacHash,
    /// The encoding of the signature.
    #[serde(default)]
    pub encoding: SignatureEncoding,
    /// The time window.
    #[serde(default = "five_minutes")]
    pub tolerance: Timeout,
}

const fn five_minutes() -> Timeout {
    Timeout::minutes(5)
}

/// `{ header = "X-Secret" }`, or `{ query = "secret" }`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedSecret {
    /// The header's name.
    #[serde(default)]
    pub header: Option<String>,
    /// A prefix of the header's value.
    #[serde(default)]
    pub prefix: Option<String>,
    /// The query parameter's name.
    #[serde(default)]
    pub query: Option<String>,
}

/// One secret or several.
#[derive(Debug, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a secret such as { env = \"NAME\" }, or a list of secrets"
)]
pub enum Secrets {
    /// One.
    One(Value),
    /// Several, while one is replaced.
    Several(Vec<Value>),
}

/// The instance that an event is for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected \"address\", { connection = \"NAME\", account = \"/pointer\" } or { field = \"/pointer\" }"
)]
pub enum InstanceOf {
    /// `"address"`
    Word(String),
    /// A table.
    Table(InstanceTable),
}

/// `{ connection = "hubspot", account = "/portalId" }`, or `{ field = "/instanceId" }`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceTable {
    /// The name of the connection.
    #[serde(default)]
    pub connection: Option<String>,
    /// Where the account's id is, or the places where it may be.
    #[serde(default)]
    pub account: Option<OneOrMore<String>>,
    /// Where the instance's id is.
    #[serde(default)]
    pub field: Option<String>,
}

macro_rules! table {
    ($($kind:ident => $format:literal),* $(,)?) => {
        $(impl JsonSchema for $kind {
            fn schema_name() -> Cow<'static, str> {
                stringify!($kind).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "object", "format": $format })
            }
        })*
    };
}

table! {
    HmacSource => "{ over = …, headers = … }",
    SharedSecret => "{ header = … } or { query = … }",
    Secrets => "{ secret = … }, { env = … } or { file = … }, or a list of them",
    InstanceOf => "{ connection = …, account = … }, { field = … } or \"address\"",
}
