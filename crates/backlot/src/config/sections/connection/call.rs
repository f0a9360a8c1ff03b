//! `connection.calls`

use std::collections::BTreeMap;
use std::fmt;

use backlot_wix::Role;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::values::OneOrMore;

/// An allowed call.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ConnectionCall {
    /// Method, path and query parameters.
    Plain(String),
    /// A call with its own rules.
    Ruled(RuledConnectionCall),
}

/// A call with its own rules.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuledConnectionCall {
    /// Method and path.
    pub call: String,
    /// The allowed query parameters: `{ limit = "*", status = ["active", "all"] }`.
    #[serde(default)]
    pub query: BTreeMap<String, OneOrMore<String>>,
    /// The roles that may make the call. Defaults to those of the connection.
    #[serde(default)]
    pub allow: Option<Vec<Role>>,
    /// The plans whose instances may make the call. Defaults to those of the connection.
    #[serde(default)]
    pub plans: Option<Vec<String>>,
}

/// Written by hand, because the derived error says only that no variant matches.
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
