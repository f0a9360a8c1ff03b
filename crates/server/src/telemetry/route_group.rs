//! The groups of routes that requests are counted by.

/// A group of routes, as logs and metrics name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RouteGroup {
    /// None: refused before a route was found.
    Unrouted,
    /// `/`: what this is.
    Index,
    /// `/healthz` and `/readyz`.
    Health,
    /// The public keys of elevated tokens.
    Keys,
    /// `/whoami`
    Whoami,
    /// Your own server.
    Api,
    /// Calls to Wix.
    Wix,
    /// Items and collections.
    Data,
    /// Third-party APIs.
    Connections,
    /// Events of Wix and third parties.
    Webhooks,
    /// Pairs of ids.
    Links,
}

impl RouteGroup {
    /// All of them.
    pub(crate) const ALL: [Self; 11] = [
        Self::Unrouted,
        Self::Index,
        Self::Health,
        Self::Keys,
        Self::Whoami,
        Self::Api,
        Self::Wix,
        Self::Data,
        Self::Connections,
        Self::Webhooks,
        Self::Links,
    ];

    /// The name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unrouted => "none",
            Self::Index => "index",
            Self::Health => "health",
            Self::Keys => "keys",
            Self::Whoami => "whoami",
            Self::Api => "api",
            Self::Wix => "wix",
            Self::Data => "data",
            Self::Connections => "connections",
            Self::Webhooks => "webhooks",
            Self::Links => "links",
        }
    }
}
