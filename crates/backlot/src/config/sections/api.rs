//! `[[api]]`

use backlot_wix::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::{Size, Timeout};

/// A path prefix whose requests are forwarded to your own server, which can be written in any language. Repeat the
/// section for other prefixes. The longest matching prefix wins.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate key")]
pub struct Api {
    /// The path prefix to forward: `/api` matches `/api` and `/api/…`. Required.
    pub path: String,
    /// The address of your server: `http://127.0.0.1:3000`. A path in it is prepended to the path of each request.
    /// Required.
    pub upstream: String,
    /// Removes the prefix from the path before forwarding. With the prefix `/api`, a request for `/api/x` reaches your
    /// server as `/x`.
    pub strip_prefix: bool,
    /// The methods to forward and to allow in preflights. `GET` includes `HEAD`.
    pub methods: Vec<String>,
    /// The roles that may call. Required, unless `auth = "none"`.
    pub allow: Vec<Role>,
    /// The plans whose instances may call. Defaults to all plans, including the free one.
    pub plans: Vec<String>,
    /// `"none"` forwards requests without verifying the caller, for endpoints that are not called by your app's pages.
    /// Your server then gets no header that identifies the caller. Headers and parameters that the client sends,
    /// including `Authorization`, `X-Wix-Instance` and `?instance=`, are forwarded unverified. Pages of any Wix app may
    /// call the endpoint and read the response (see `cors.wix_hosts`). `"wix_digest"` is for requests of Wix other than
    /// webhooks, such as those to payment providers: the `digest` header has to be signed with the app's key over the
    /// body, which is read before it is forwarded.
    pub auth: Option<Auth>,
    /// How long your server may take to start its response.
    pub timeout: Timeout,
    /// How long the client or your server may pause in the middle of a body.
    pub idle_timeout: Timeout,
    /// The maximum size of a request's body.
    pub body_limit: Size,
    /// How far a request's body may fall behind `server.min_transfer_rate`. Defaults to `server.body_timeout`.
    pub body_timeout: Option<Timeout>,
    /// The rate limit of each instance: `{ requests = 600, per = "1m" }`. With `auth = "none"`, it applies to each
    /// client address. Defaults to no limit.
    pub rate_limit: Option<RateLimit>,
    /// Uses HTTP/2 without negotiation (plain `http://` only). Over `https://`, the protocol is negotiated with your
    /// server.
    pub http2: bool,
    /// Forwards the caller's `Authorization` header and the headers in `app.instance_headers`. By default, your server
    /// gets the headers that identify the caller, but not the credential.
    pub pass_authorization: bool,
    /// Headers to forward although a framework may take another path or method from them than the request line has:
    /// `["x-http-method-override"]`. By default, all such headers are removed, because they would bypass `path` and
    /// `methods`. [docs/api.md](api.md) lists them.
    pub pass_headers: Vec<String>,
    /// Rewrites redirects (`Location`, `Content-Location`, `Refresh`) that point to your server's own address. They
    /// then point to `server.public_url`, or to the address that the client used if that is not set, with the stripped
    /// prefix restored.
    pub rewrite_redirects: bool,
}

/// How the callers of an entry are authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// No authentication.
    None,
    /// The `digest` header of Wix.
    WixDigest,
}

/// A number of requests in a period.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// The number of requests.
    pub requests: std::num::NonZeroU32,
    /// The period.
    pub per: Timeout,
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
            timeout: Timeout::seconds(30),
            idle_timeout: Timeout::minutes(1),
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
