//! The policy of a route: what a request must satisfy before the route's handler runs.

use crate::http::methods::Verb;

/// The policy of a route.
#[derive(Debug)]
pub struct RoutePolicy {
    /// The methods that are served. Empty if the configuration names them.
    pub methods: &'static [Verb],
    /// How the caller is authenticated, and which roles and plans are admitted.
    pub authentication: Authentication,
    /// The setting that limits the request's body.
    pub body: BodyLimit,
    /// The setting that limits the rate of requests.
    pub rate: RateRule,
}

/// How a route authenticates its caller, and which roles and plans it admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// No credential is read.
    None,
    /// Any verified caller.
    Caller,
    /// Any verified caller, or the account's API key. The collection's permissions decide about the role.
    CallerOrApiKey,
    /// As `auth`, `allow` and `plans` of the `[[api]]` entry say.
    Entry,
    /// A verified caller whose role and plan a line of `calls` admits.
    Calls,
    /// A verified caller with one of the roles in `manage` of the `[[connection]]` entry.
    Manage,
    /// A verified caller with the role `app`: your own server, with its elevated token.
    App,
    /// Wix's signature on the body. The handler verifies it, because the body has to be read first.
    WixSignature,
    /// The `state` of an OAuth authorization that this server began. A page of another origin may post it.
    OAuthState,
    /// The signature of a webhook's source.
    Signature,
    /// The name in `Host`: a loopback name, or the address that the admin listener is bound to.
    Loopback,
    /// The same, and for pages the admin listener's own origin.
    LoopbackPage,
}

impl Authentication {
    /// The name in `backlot routes`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Caller => "caller",
            Self::CallerOrApiKey => "caller or API key",
            Self::Entry => "as the entry says",
            Self::Calls => "as the call says",
            Self::Manage => "manager",
            Self::App => "app",
            Self::WixSignature => "Wix's signature",
            Self::OAuthState => "OAuth state",
            Self::Signature => "webhook signature",
            Self::Loopback => "loopback",
            Self::LoopbackPage => "loopback, own pages",
        }
    }

    /// Returns whether the response may depend on the caller's credential.
    pub(crate) const fn depends_on_caller(self) -> bool {
        match self {
            Self::None
            | Self::Signature
            | Self::WixSignature
            | Self::Loopback
            | Self::LoopbackPage => false,
            Self::Caller
            | Self::CallerOrApiKey
            | Self::Entry
            | Self::Calls
            | Self::Manage
            | Self::App
            | Self::OAuthState => true,
        }
    }
}

/// The setting that limits a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLimit {
    /// The body is not read.
    Unread,
    /// `body_limit` of the `[[api]]` entry.
    Entry,
    /// `data.body_limit`
    Data,
    /// `wix.body_limit`
    Wix,
    /// `events.body_limit`
    Events,
    /// `body_limit` of the `[[connection]]` entry.
    Connection,
    /// So many bytes.
    Bytes(u64),
}

/// The setting that limits the rate of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateRule {
    /// No limit but those of the server.
    None,
    /// `rate_limit` of the `[[api]]` entry.
    Entry,
    /// The rates in `[data]`.
    Data,
    /// `rate_limit` and `total_rate_limit` of the `[[connection]]` entry.
    Connection,
}
