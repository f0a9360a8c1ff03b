//! `connection.calls`

use std::collections::BTreeMap;
use std::fmt;

use backlot_wix::Role;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::values::OneOrMore;

/// One call of the list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ConnectionCall {
    /// Method and path, and what the query may hold.
    Plain(String),
    /// With rules of its own.
    Ruled(RuledConnectionCall),
}

/// A call with rules of its own.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuledConnectionCall {
    /// Method and path.
    pub call: String,
    /// The parameters that the query may have: `{ limit = "*", status = ["active", "all"] }`.
    #[serde(default)]
    pub query: BTreeMap<String, OneOrMore<String>>,
    /// The roles that may make it; those of the connection without it.
    #[serde(default)]
    pub allow: Option<Vec<Role>>,
    /// Only instances on these plans; those of the connection without it.
    #[serde(default)]
    pub plans: Option<Vec<String>>,
}

/// By hand, since a derived one would say only that nothing fits.
impl<'de> Deserialize<'de> for ConnectionCall {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CallVisitor;

        impl<'de> Visitor<'de> for CallVisitor {
            type Value = ConnectionCall;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(
                    "a call such as \"GET /v1/things?limit\", or { call = \"…\", allow = [\"owner\"] }",
                )
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<ConnectionCall, E> {
                Ok(ConnectionCall::Plain(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ConnectionCall, A::Error> {
                let ruled = RuledConnectionCall::deserialize(MapAccessDeserializer::new(map));
                ruled.map(ConnectionCall::Ruled)
            }
        }

        deserializer.deserialize_any(CallVisitor)
    }
}
