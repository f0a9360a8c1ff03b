//! The `[[api]]` entries, checked and ready.

use std::time::Duration;

use backlot_outbound::body::BodyLimits;
use backlot_outbound::upstream::{Address, UpstreamTimeouts};
use http::HeaderName;

use super::path::Prefix;
use super::readings::readings;
use crate::http::methods::Methods;
use crate::policy::{AccessRule, AuthPolicy, Limiter, RateLimit, fold};

/// One entry, as the configuration or a Rust program gives it.
pub struct EntrySettings {
    /// Paths under this prefix go in here.
    pub path: Prefix,
    /// Where they go.
    pub destination: Destination,
    /// Whether the prefix is taken off on the way.
    pub strip_prefix: bool,
    /// The methods that are served.
    pub methods: Methods,
    /// Who may come in.
    pub access: AuthPolicy,
    /// How much and how long.
    pub limits: Limits,
    /// For each instance; for each client address where callers are not verified.
    pub rate_limit: Option<RateLimit>,
    /// Whether the upstream sees the caller's own credential.
    pub pass_authorization: bool,
    /// Headers that override the path or the method ([`super::is_override`]) and reach the upstream all the same.
    pub pass_headers: Vec<HeaderName>,
    /// Whether redirects to the upstream's own address lead to the public one instead.
    pub rewrite_redirects: bool,
}

impl EntrySettings {
    /// The prefix that is taken off the way. `None` if there is nothing to take off.
    pub(crate) fn stripped_prefix(&self) -> Option<&str> {
        let prefix = self.path.as_str();
        (self.strip_prefix && prefix != "/").then_some(prefix)
    }

    /// Whether every header that reaches this upstream and could lead past a rule reaches the other one, too.
    fn passes_no_more_than(&self, other: &Self) -> bool {
        let mut passed = self.pass_headers.iter();
        passed.all(|name| other.pass_headers.contains(name))
            && (!self.pass_authorization || other.pass_authorization)
    }
}

/// Where requests of an entry go.
pub enum Destination {
    /// A server, over HTTP.
    Upstream(Address),
    /// A router of this program.
    Mounted(axum::Router),
}

impl Destination {
    /// The server's address; `None` for a router.
    pub(crate) const fn upstream(&self) -> Option<&Address> {
        match self {
            Self::Upstream(address) => Some(address),
            Self::Mounted(_) => None,
        }
    }

    /// What every path begins with there; empty for a router.
    fn base_path(&self) -> &str {
        self.upstream().map_or("", Address::base_path)
    }
}

/// How much and how long.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Until the head of the response.
    pub timeout: Duration,
    /// The most bytes of a request's body.
    pub body_bytes: u64,
    /// How long either side may be silent in the middle of a body.
    pub idle_timeout: Duration,
    /// How far a request's body may fall behind the slowest rate. `None`: as everywhere.
    pub body_timeout: Option<Duration>,
}

impl Default for Limits {
    /// 30 seconds, 10 MiB, an idle timeout of 60 seconds.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            body_bytes: 10 * 1024 * 1024,
            idle_timeout: Duration::from_mins(1),
            body_timeout: None,
        }
    }
}

impl Limits {
    pub(crate) const fn body(&self) -> BodyLimits {
        BodyLimits {
            bytes: self.body_bytes,
            idle_timeout: self.idle_timeout,
        }
    }

    pub(crate) const fn timeouts(&self) -> UpstreamTimeouts {
        UpstreamTimeouts {
            head: self.timeout,
            idle: self.idle_timeout,
        }
    }
}

/// One entry in use.
pub(crate) struct Entry {
    pub(crate) settings: EntrySettings,
    pub(crate) methods: Methods,
    pub(crate) limiter: Option<Limiter>,
}

impl Entry {
    /// Makes an entry ready.
    pub(crate) fn new(settings: EntrySettings) -> Self {
        Self {
            methods: settings.methods.clone(),
            limiter: settings.rate_limit.map(Limiter::new),
            settings,
        }
    }

    /// Whether this entry admits nothing that the other one refuses: who may come in, with which methods, how often,
    /// with how large a body, and with which headers.
    pub(crate) fn is_as_strict_as(&self, other: &Self) -> bool {
        let rate = match (self.settings.rate_limit, other.settings.rate_limit) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(other)) => own.is_at_most(other),
        };
        std::ptr::eq(self, other)
            || (rate
                && self.settings.access.is_as_strict_as(&other.settings.access)
                && self.methods.are_among(&other.methods)
                && self.body_limit() <= other.body_limit()
                && self.settings.passes_no_more_than(&other.settings))
    }

    /// The readings of what the upstream is sent of a path, as paths of this server. Empty where it is sent the path as it
    /// is; `None` if it could lead elsewhere at the upstream, or the prefix cannot be taken off.
    pub(crate) fn readings_when_stripped(&self, path: &str) -> Option<Vec<String>> {
        if self.settings.stripped_prefix().is_none() {
            return Some(Vec::new());
        }
        let prefix = &self.settings.path;
        let base = self.settings.destination.base_path();
        let sent = format!("{base}{}", prefix.strip(path)?);
        let public = |reading: String| {
            let (start, rest) = reading.split_at_checked(base.len())?;
            let is_under = fold(start) == fold(base) && (rest.is_empty() || rest.starts_with('/'));
            is_under.then(|| prefix.with(rest))
        };
        readings(&sent)?.into_iter().map(public).collect()
    }

    /// The rule for callers; `None` if they are not verified.
    pub(crate) const fn rule(&self) -> Option<&AccessRule> {
        match &self.settings.access {
            AuthPolicy::Anybody | AuthPolicy::WixDigest => None,
            AuthPolicy::Verified(rule) => Some(rule),
        }
    }

    pub(crate) const fn body_limit(&self) -> u64 {
        self.settings.limits.body_bytes
    }
}
