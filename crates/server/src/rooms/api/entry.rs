//! The `[[api]]` entries, checked and ready.

use std::time::Duration;

use backlot_outbound::body::BodyLimits;
use backlot_outbound::upstream::{Address, Patience};

use super::path::Prefix;
use crate::admission::{Access, Limiter, RateLimit};
use crate::methods::Methods;

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
    pub access: Access,
    /// How much and how long.
    pub limits: Limits,
    /// For each instance; for each client address where callers are not verified.
    pub rate_limit: Option<RateLimit>,
    /// Whether the upstream sees the caller's own credential.
    pub pass_authorization: bool,
}

/// Where requests of an entry go.
pub enum Destination {
    /// A server, over HTTP.
    Upstream(Address),
    /// A router of this program.
    Mounted(axum::Router),
}

/// How much and how long.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Until the head of the reply.
    pub timeout: Duration,
    /// The most bytes of a request's body.
    pub body_bytes: u64,
    /// How long either side may be silent in the middle of a body.
    pub silence: Duration,
}

impl Default for Limits {
    /// 30 seconds, 10 MiB, a silence of 60 seconds.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            body_bytes: 10 * 1024 * 1024,
            silence: Duration::from_mins(1),
        }
    }
}

impl Limits {
    pub(crate) const fn body(&self) -> BodyLimits {
        BodyLimits {
            bytes: self.body_bytes,
            silence: self.silence,
        }
    }

    pub(super) const fn patience(&self) -> Patience {
        Patience {
            head: self.timeout,
            silence: self.silence,
        }
    }
}

/// One entry in use.
pub(crate) struct Entry {
    pub(super) settings: EntrySettings,
    pub(crate) methods: Methods,
    pub(crate) limiter: Option<Limiter>,
}

impl Entry {
    pub(crate) const fn access(&self) -> &Access {
        &self.settings.access
    }

    pub(crate) const fn body_limit(&self) -> u64 {
        self.settings.limits.body_bytes
    }
}

/// All entries, longest prefix first.
pub(crate) struct Entries(Vec<Entry>);

impl Entries {
    pub(crate) fn new(settings: Vec<EntrySettings>) -> Self {
        let mut entries: Vec<Entry> = settings
            .into_iter()
            .map(|settings| Entry {
                methods: settings.methods.clone(),
                limiter: settings.rate_limit.map(Limiter::new),
                settings,
            })
            .collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.settings.path.length()));
        Self(entries)
    }

    /// The entry whose prefix is the longest that holds a canonical path.
    pub(crate) fn longest_prefix_of(&self, canonical_path: &str) -> Option<&Entry> {
        self.0
            .iter()
            .find(|entry| entry.settings.path.holds(canonical_path))
    }

    pub(crate) fn forget_idle(&self) {
        for limiter in self.0.iter().filter_map(|entry| entry.limiter.as_ref()) {
            limiter.forget_idle();
        }
    }
}
