//! `[wix]`

use std::fmt;
use std::num::NonZeroU32;

use backlot_wix::Role;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::values::{Duration, Secret, Size, Timeout};

/// Calls to Wix's REST APIs: how they are made, and which of them pages and your own server may make through `/wix/…`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Wix {
    /// The calls that may be made through `/wix/<path>` as the app on the caller's instance: `"GET /apps/v1/instance"`,
    /// or with its own rules `{ call = "POST /stores/v1/products/query", allow = ["member"], plans = ["pro"] }`. `*`
    /// and `{name}` match one segment of a path, `{name}.json` matches one with that suffix, and `**` matches any
    /// number of segments. If several entries match, the most specific one decides. These calls let callers do what
    /// only the app may do, so only the calls that are listed here are allowed. With `as = "site"` or `as = "account"`,
    /// a call is made with the API key instead, about the caller's site or about the account. Only your own server may
    /// make those (`allow = ["app"]`).
    pub calls: Vec<WixCall>,
    /// The roles that may make calls without their own `allow`. `app` is your own server with its elevated
    /// token.
    pub allow: Vec<Role>,
    /// The address of Wix's APIs. Defaults to `https://www.wixapis.com`, and to the simulator in `backlot dev`.
    pub base_url: Option<String>,
    /// An API key of your Wix account, for calls that do not belong to an instance.
    pub api_key: Option<Secret>,
    /// The account of the API key, for calls about the account.
    pub account_id: Option<String>,
    /// The maximum number of calls that this node makes in a minute for each instance. Wix allows 200 over all nodes,
    /// so divide them: 100 on each of two nodes.
    pub requests_per_minute: NonZeroU32,
    /// How long a call may wait if its instance has used up its calls for the minute.
    pub queue_time: Duration,
    /// How long Wix may take to start its response, including waiting and retries.
    pub timeout: Timeout,
    /// How long Wix may take to issue or verify a token.
    pub token_timeout: Timeout,
    /// How long the client or Wix may pause in the middle of a body.
    pub idle_timeout: Timeout,
    /// The maximum size of a request's body.
    pub body_limit: Size,
    /// How old the details of an instance (site, plan, permissions) may become before they are fetched again in the
    /// background.
    pub refresh: Timeout,
}

/// An allowed call.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum WixCall {
    /// Method and path.
    Plain(String),
    /// A call with its own rules.
    Ruled(RuledCall),
}

/// Written by hand, because the derived error says only that no variant matches.
impl<'de> Deserialize<'de> for WixCall {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CallVisitor;

        impl<'de> Visitor<'de> for CallVisitor {
            type Value = WixCall;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(
                    "a call such as \"GET /apps/v1/instance\", or { call = \"…\", allow = [\"owner\"] }",
                )
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<WixCall, E> {
                Ok(WixCall::Plain(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WixCall, A::Error> {
                RuledCall::deserialize(MapAccessDeserializer::new(map)).map(WixCall::Ruled)
            }
        }

        deserializer.deserialize_any(CallVisitor)
    }
}

/// A call with its own rules.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuledCall {
    /// Method and path.
    pub call: String,
    /// The roles that may make the call. Defaults to those of the section.
    #[serde(default)]
    pub allow: Option<Vec<Role>>,
    /// The plans whose instances may make the call. Defaults to all plans.
    #[serde(default)]
    pub plans: Vec<String>,
    /// The identity of the call.
    #[serde(default, rename = "as")]
    pub on_behalf_of: OnBehalfOfName,
}

/// The identity that a call is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnBehalfOfName {
    /// The app, on the caller's instance.
    #[default]
    App,
    /// The API key, for the caller's site.
    Site,
    /// The API key, for the account.
    Account,
}

impl Default for Wix {
    fn default() -> Self {
        Self {
            calls: Vec::new(),
            allow: Vec::new(),
            base_url: None,
            api_key: None,
            account_id: None,
            requests_per_minute: NonZeroU32::new(200).unwrap_or(NonZeroU32::MIN),
            queue_time: Duration::seconds(5),
            timeout: Timeout::seconds(30),
            token_timeout: Timeout::seconds(5),
            idle_timeout: Timeout::minutes(1),
            body_limit: Size::mib(10),
            refresh: Timeout::hours(6),
        }
    }
}
