//! `[[connection]]`

mod auth;
mod call;

use std::collections::BTreeMap;

use backlot_wix::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RateLimit;
use crate::config::values::{Duration, Size, Value};

pub use auth::{
    Auth, BasicAuth, ClientCredentials, ClientProofName, EncodingName, HashName, HeaderAuth,
    HmacAuth, OAuth, QueryAuth,
};
pub use call::{ConnectionCall, RuledConnectionCall};

/// A third-party API, called through `/connections/{name}/…` with a credential that no page ever has. Nothing
/// is allowed that is not written here.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Connection {
    /// The name in the path: small letters, digits, `-` and `_`. Required.
    pub name: String,
    /// What people call it: `Google Calendar`. For the page that the owner sees after an account is connected; without it
    /// the name.
    pub title: Option<String>,
    /// Where the API is: `https://api.openai.com`. A path in it is put before every call's. Where each account has an
    /// address of its own, `{account.instance_url}` stands for what the token endpoint says under that name, and
    /// `{callback.shop}` for what comes along with the owner's way back; `hosts` says where it may be. Required.
    pub base_url: String,
    /// The hosts at which an account's own address may be, where `base_url` has such places: `["*.my.salesforce.com"]`.
    /// `*.` stands for any number of labels; without a port, all are allowed.
    pub hosts: Vec<String>,
    /// What proves to the API who calls. `{ bearer = { secret = "NAME" } }`; `{ basic = { user = …, password = … } }`;
    /// `{ header = { name = "X-Api-Key", value = … } }`; `{ query = { name = "key", value = … } }`; `{ hmac = { … } }`
    /// signs each request; `{ client_credentials = { … } }` is OAuth 2 for the app itself; `{ oauth = { … } }` lets each
    /// site's owner connect an account. `{ instance_secret = "NAME" }` is a key that each site's owner types in.
    /// See docs/connections.md.
    pub auth: Auth,
    /// The calls that may be made: `"GET /v1/things?limit&status=active|all"` names the parameters that its query may
    /// have (`?*` allows any), or with rules of its own
    /// `{ call = "POST /v1/things", allow = ["member"], plans = ["pro"] }`. `*` and `{name}` stand for one part of a
    /// path, `{name}.json` and `{name}:verb` for one with that end, `**` for any number of them. `GET` includes `HEAD`. Where several
    /// lines fit, the most specific one decides.
    pub calls: Vec<ConnectionCall>,
    /// The roles that may make the calls that name none of their own. `app` is your own server, with the
    /// elevated token.
    pub allow: Vec<Role>,
    /// Only instances on these plans, for the calls that name none of their own. Empty: all.
    pub plans: Vec<String>,
    /// The roles that may connect an account or type a key in, and take it back.
    pub manage: Vec<Role>,
    /// Headers that are put on each call, in place of the caller's: `{ "OpenAI-Organization" = "org-1" }`.
    pub headers: BTreeMap<String, Value>,
    /// The caller's headers that go along besides the usual ones (`Accept`, `Content-Type`, `Idempotency-Key`, …);
    /// `x-custom-*` takes all that begin so, but for those that make another call of one or say where it came from
    /// (`X-HTTP-Method-Override`, `X-Original-URL`, `X-Forwarded-*`): write their whole names.
    pub pass_headers: Vec<String>,
    /// Headers that never go along.
    pub remove_headers: Vec<String>,
    /// Parameters that are put on each call's query, in place of the caller's.
    pub query: BTreeMap<String, Value>,
    /// Parameters that never go along.
    pub remove_query: Vec<String>,
    /// Headers of the reply that come back besides the usual ones (`Content-Type`, `ETag`, `Retry-After`, …);
    /// `x-ratelimit-*` takes all that begin so. `X-Request-Id` is always Backlot's own.
    pub reply_headers: Vec<String>,
    /// Headers that are put on each reply.
    pub add_reply_headers: BTreeMap<String, String>,
    /// Headers of the reply that never come back.
    pub remove_reply_headers: Vec<String>,
    /// How long the API may take until its reply begins, repeating included.
    pub timeout: Duration,
    /// How long either side may be silent in the middle of a body.
    pub idle_timeout: Duration,
    /// The most bytes of a request's body.
    pub body_limit: Size,
    /// The most bytes of a reply's body, decoded.
    pub reply_limit: Size,
    /// How often each instance may call: `{ requests = 60, per = "1m" }`.
    pub rate_limit: Option<RateLimit>,
    /// How often all instances together may call.
    pub total_rate_limit: Option<RateLimit>,
    /// How many calls an instance may make in a month, by its plan: `{ pro = 10000, "*" = 100 }`. `*` is any other
    /// plan, and none.
    pub quota: BTreeMap<String, u64>,
    /// Keeps replies as the API's own cache headers say: `"instance"` for each instance by itself, `"shared"` for
    /// all together.
    pub cache: Option<CacheName>,
    /// How often a call that reads is sent again when the API fails; a write only with `idempotency_key`, or if no
    /// connection came about.
    pub retries: u32,
    /// The header by which the API knows a write that is sent again, such as `Idempotency-Key`. A call that has
    /// none gets one.
    pub idempotency_key: Option<String>,
    /// How many redirects of calls that read are followed: within the API to calls that `calls` allows the caller,
    /// elsewhere to public addresses over https, without the credential.
    pub redirects: u32,
    /// Your own networks in which the API may be (`10.1.0.0/16`). Otherwise no call leaves for an address inside. They
    /// are open for the host and port of `base_url` and of the addresses in `auth`, not for redirects.
    pub networks: Vec<String>,
    /// A file with certificate authorities (PEM) besides the operating system's, for an API of your own.
    pub certificate_authorities: Option<String>,
}

/// Who shares kept replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CacheName {
    /// Each instance by itself.
    Instance,
    /// All together.
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
            timeout: Duration::seconds(30),
            idle_timeout: Duration::minutes(1),
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
