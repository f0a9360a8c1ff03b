//! `[[api]]`

use backlot_wix::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::{Duration, Size};

/// Your own server, in any language. One entry for each prefix of paths; the longest prefix wins.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub struct Api {
    /// Paths under this prefix go to your server: `/api` takes `/api` and `/api/…`. Required.
    pub path: String,
    /// Where it is: `http://127.0.0.1:3000`. A path in it is put before every request's. Required.
    pub upstream: String,
    /// Takes the prefix off: with `/api`, your server is asked for `/x` when a page asks for
    /// `/api/x`.
    pub strip_prefix: bool,
    /// The methods that are served, and that preflights allow. `HEAD` comes with `GET`.
    pub methods: Vec<String>,
    /// The roles that may call. Required, unless `auth = "none"`.
    pub allow: Vec<Role>,
    /// Only instances on these plans may call. Empty: all, the free one included.
    pub plans: Vec<String>,
    /// `"none"` lets anybody in, unverified: for addresses that are called by others than pages of
    /// your app. Your server then gets no header that says who calls. What the caller sends goes along as it is, its own
    /// `Authorization`, `X-Wix-Instance` and `?instance=` too, and nothing of it has been checked. The page of any Wix app
    /// may call it and read the answer (`cors.wix_hosts`).
    pub auth: Option<Auth>,
    /// How long your server may take until its reply begins.
    pub timeout: Duration,
    /// How long either side may be silent in the middle of a body.
    pub idle_timeout: Duration,
    /// The most bytes of a request's body.
    pub body_limit: Size,
    /// How far a request's body may fall behind `server.min_transfer_rate`. Defaults to `server.body_timeout`.
    pub body_timeout: Option<Duration>,
    /// How often each instance may call: `{ requests = 600, per = "1m" }`. With `auth = "none"`,
    /// each client address.
    pub rate_limit: Option<RateLimit>,
    /// Speaks HTTP/2 to your server from the first byte (plain `http://`). Over `https://` your
    /// server chooses by itself.
    pub http2: bool,
    /// Hands the caller's own `Authorization` header on, and those of `app.instance_headers`. Without it your server sees the headers
    /// that say who calls, not the credential that proved it.
    pub pass_authorization: bool,
    /// Headers by which a framework takes another path or method than the request line's, and which your server gets
    /// all the same: `["x-http-method-override"]`. All of them are removed unless they are named here, since they
    /// lead past `path` and `methods`. [docs/api.md](api.md) lists them.
    pub pass_headers: Vec<String>,
    /// Rewrites redirects (`Location`, `Content-Location`, `Refresh`) that lead to your server's own address: to where
    /// the world reaches this one (`server.public_url`, or else what the client asked for), with the prefix that was
    /// taken off.
    pub rewrite_redirects: bool,
}

/// How an entry's callers prove themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// Not at all.
    None,
}

/// So many requests in so much time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// How many.
    pub requests: std::num::NonZeroU32,
    /// In how much time.
    pub per: Duration,
}

impl Default for Api {
    fn default() -> Self {
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
        Self {
            path: String::new(),
            upstream: String::new(),
            strip_prefix: false,
            methods: methods.map(str::to_owned).to_vec(),
            allow: Vec::new(),
            plans: Vec::new(),
            auth: None,
            timeout: Duration::seconds(30),
            idle_timeout: Duration::minutes(1),
            body_limit: Size::mib(10),
            body_timeout: None,
            rate_limit: None,
            http2: false,
            pass_authorization: false,
            pass_headers: Vec::new(),
            rewrite_redirects: true,
        }
    }
}
