//! `[[connection]]`

mod auth;
mod call;

use std::collections::BTreeMap;

use backlot_wix::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RateLimit;
use crate::config::values::{Size, Timeout, Value};

pub use auth::{Auth, HmacAuth, OAuth};
pub use call::{ConnectionCall, RuledConnectionCall};

/// A third-party API, called through `/connections/{name}/…` with a credential that pages never see. Only the calls
/// that are listed here are allowed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Connection {
    /// The name in the path: lowercase letters, digits, `-` and `_`. Required.
    pub name: String,
    /// The display name: `Google Calendar`. It is shown on the page that the owner sees after an account is connected.
    /// Defaults to `name`.
    pub title: Option<String>,
    /// The address of the API: `https://api.openai.com`. A path in it is prepended to the path of each call. If each
    /// account has its own address, `{account.instance_url}` stands for the field of that name in the token
    /// response, and `{callback.shop}` for a parameter of the OAuth callback; `hosts` restricts them. Required.
    pub base_url: String,
    /// The hosts that an address from an account may have, if `base_url` contains such a placeholder:
    /// `["*.my.salesforce.com"]`. `*.` matches any number of labels. A host without a port allows all ports.
    pub hosts: Vec<String>,
    /// The credential for the API. `{ bearer = { secret = "NAME" } }`; `{ basic = { user = …, password = … } }`; `{
    /// header = { name = "X-Api-Key", value = … } }`; `{ query = { name = "key", value = … } }`; `{ hmac = { … } }`
    /// signs each request; `{ client_credentials = { … } }` is OAuth 2 for the app itself; `{ oauth = { … } }` lets
    /// each site's owner connect an account. `{ instance_secret = "NAME" }` is a key that each site's owner enters. See
    /// docs/connections.md.
    pub auth: Auth,
    /// The allowed calls. `"GET /v1/things?limit&status=active|all"` names the parameters that the query may have; `?*`
    /// allows any. `{ call = "POST /v1/things", allow = ["member"], plans = ["pro"] }` has its own rules. `*` and
    /// `{name}` match one segment of a path, `{name}.json` and `{name}:verb` match one with that suffix, and `**`
    /// matches any number of segments. `GET` includes `HEAD`. If several entries match, the most specific one decides.
    pub calls: Vec<ConnectionCall>,
    /// The roles that may make calls without their own `allow`. `app` is your own server with its elevated
    /// token.
    pub allow: Vec<Role>,
    /// The plans whose instances may make calls without their own `plans`. Defaults to all plans.
    pub plans: Vec<String>,
    /// The roles that may connect an account or enter a key, and disconnect or remove it.
    pub manage: Vec<Role>,
    /// Headers to set on each call, replacing the caller's: `{ "OpenAI-Organization" = "org-1" }`.
    pub headers: BTreeMap<String, Value>,
    /// Headers of the caller to forward besides the usual ones (`Accept`, `Content-Type`, `Idempotency-Key`, …).
    /// `x-custom-*` matches a prefix. It does not match headers that change the call or state its origin
    /// (`X-HTTP-Method-Override`, `X-Original-URL`, `X-Forwarded-*`): write their full names.
    pub pass_headers: Vec<String>,
    /// Headers that are never forwarded.
    pub remove_headers: Vec<String>,
    /// Parameters to set in the query of each call, replacing the caller's.
    pub query: BTreeMap<String, Value>,
    /// Parameters that are never forwarded.
    pub remove_query: Vec<String>,
    /// Response headers to return besides the usual ones (`Content-Type`, `ETag`, `Retry-After`, …). `x-ratelimit-*`
    /// matches a prefix. `X-Request-Id` is always Backlot's.
    pub reply_headers: Vec<String>,
    /// Headers to set on each response.
    pub add_reply_headers: BTreeMap<String, String>,
    /// Response headers that are never returned.
    pub remove_reply_headers: Vec<String>,
    /// How long the API may take to start its response, including retries.
    pub timeout: Timeout,
    /// How long the client or the API may pause in the middle of a body.
    pub idle_timeout: Timeout,
    /// The maximum size of a request's body.
    pub body_limit: Size,
    /// The maximum size of a response's body after decompression.
    pub reply_limit: Size,
    /// The rate limit of each instance: `{ requests = 60, per = "1m" }`. Defaults to no limit.
    pub rate_limit: Option<RateLimit>,
    /// The rate limit of all instances together. Defaults to no limit.
    pub total_rate_limit: Option<RateLimit>,
    /// The number of calls that an instance may make in a month, by plan: `{ pro = 10000, "*" = 100 }`. `*` is any
    /// other plan, including the free one. Defaults to no limit.
    pub quota: BTreeMap<String, u64>,
    /// Caches responses as the API's cache headers allow: `"instance"` separately for each instance, `"shared"` for all
    /// together. Defaults to no cache.
    pub cache: Option<CacheName>,
    /// How often a read is retried if the API fails. A write is retried only with `idempotency_key`, or if no
    /// connection was established.
    pub retries: u32,
    /// The header by which the API recognizes a retried write, such as `Idempotency-Key`. It is added to writes that
    /// have none.
    pub idempotency_key: Option<String>,
    /// How many redirects of a read are followed. Within the API, the target must be a call that the caller may make.
    /// Elsewhere, it must be a public address over https, and the credential is not sent.
    pub redirects: u32,
    /// Private networks in which the API may be: `10.1.0.0/16`. By default, calls to private addresses are refused. The
    /// networks are open to the host and port of `base_url` and of the addresses in `auth`, but not to redirects.
    pub networks: Vec<String>,
    /// A PEM file with certificate authorities to trust besides those of the operating system, for a private API.
    pub certificate_authorities: Option<String>,
}

/// The scope of cached responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CacheName {
    /// Separate for each instance.
    Instance,
    /// Shared by all instances.
    Shared,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            name: String::new(),
            title: None,
            base_url: String::new(),
            hosts: Vec::new(),
            auth: Auth::None,
            calls: Vec::new(),
            allow: Vec::new(),
            plans: Vec::new(),
            manage: vec![Role::Owner],
            headers: BTreeMap::new(),
            pass_headers: Vec::new(),
            remove_headers: Vec::new(),
            query: BTreeMap::new(),
            remove_query: Vec::new(),
            reply_headers: Vec::new(),
            add_reply_headers: BTreeMap::new(),
            remove_reply_headers: Vec::new(),
            timeout: Timeout::seconds(30),
            idle_timeout: Timeout::minutes(1),
            body_limit: Size::mib(1),
            reply_limit: Size::mib(50),
            rate_limit: None,
            total_rate_limit: None,
            quota: BTreeMap::new(),
            cache: None,
            retries: 2,
            idempotency_key: None,
            redirects: 0,
            networks: Vec::new(),
            certificate_authorities: None,
        }
    }
}
