//! `[wix]`

use std::fmt;
use std::num::NonZeroU32;

use backlot_wix::Role;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::values::{Duration, Secret, Size};

/// Calls to Wix's REST APIs: how they are made, and which of them pages and your own server may make
/// through `/wix/…`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Wix {
    /// The calls that may be made through `/wix/<path>`, as the app on the caller's instance:
    /// `"GET /apps/v1/instance"`, or with rules of its own
    /// `{ call = "POST /stores/v1/products/query", allow = ["member"], plans = ["pro"] }`. `*` and
    /// `{name}` stand for one part of a path, `{name}.json` for one with that end, `**` for any number of them. Where several lines fit, the most
    /// specific one decides. This lets callers do what only the app may: nothing is allowed that is not written here. With `as = "site"` or
    /// `as = "account"` a call is made with the API key instead, about the caller's site or about the
    /// account; only your own server may make those (`allow = ["app"]`).
    pub calls: Vec<WixCall>,
    /// The roles that may make the calls that name none of their own. `app` is your own server, with
    /// the elevated token.
    pub allow: Vec<Role>,
    /// Where Wix is. Without it: `https://www.wixapis.com`, and in `backlot dev` the simulator.
    pub base_url: Option<String>,
    /// An API key of your Wix account, for calls that are no instance's.
    pub api_key: Option<Secret>,
    /// The account of the API key, for calls about it.
    pub account_id: Option<String>,
    /// The most calls that this node makes in a minute for each instance. Wix grants 200; several
    /// nodes share them, so give each its part (100 on each of two).
    pub requests_per_minute: NonZeroU32,
    /// The longest that a call waits when an instance has used up its minute.
    pub queue_time: Duration,
    /// How long Wix may take until its reply begins, waiting and repeating included.
    pub timeout: Duration,
    /// How long Wix may take to give a token, or to say something about one.
    pub token_timeout: Duration,
    /// How long either side may be silent in the middle of a body.
    pub idle_timeout: Duration,
    /// The most bytes of a request's body.
    pub body_limit: Size,
    /// How old what Wix says of an instance (site, plan, permissions) may become before it is asked
    /// again in the background.
    pub refresh: Duration,
}

/// One call of the list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum WixCall {
    /// Method and path.
    Plain(String),
    /// With rules of its own.
    Ruled(RuledCall),
}

/// By hand, since a derived one would say only that nothing fits.
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

/// A call with rules of its own.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuledCall {
    /// Method and path.
    pub call: String,
    /// The roles that may make it; those of the section without it.
    #[serde(default)]
    pub allow: Option<Vec<Role>>,
    /// Only instances on these plans.
    #[serde(default)]
    pub plans: Vec<String>,
    /// On whose behalf.
    #[serde(default, rename = "as")]
    pub on_behalf_of: OnBehalfOfName,
}

/// On whose behalf a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnBehalfOfName {
    /// The app, on the caller's instance.
    #[default]
    App,
    /// The API key, about the caller's site.
    Site,
    /// The API key, about the account.
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
            timeout: Duration::seconds(30),
            token_timeout: Duration::seconds(5),
            idle_timeout: Duration::minutes(1),
            body_limit: Size::mib(10),
            refresh: Duration::hours(6),
        }
    }
}
