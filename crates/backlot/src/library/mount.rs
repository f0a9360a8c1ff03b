//! A router of one's own, mounted in `[[api]]`'s place.

use std::time::Duration;

use axum::Router;
use backlot_server::handlers::proxy::{Destination, EntrySettings, Limits, Prefix, PrefixError};
use backlot_server::http::methods::Methods;
use backlot_server::policy::{AccessRule, AuthPolicy, Roles};
use backlot_wix::Role;
use http::Method;

/// A router and who may call it: what an `[[api]]` entry is for an upstream, for a Rust program.
///
/// The router sees the whole path, prefix included. Nobody may call it until [`Mount::allow`] or
/// [`Mount::allow_anybody`] says who.
#[derive(Clone)]
pub struct Mount {
    path: String,
    router: Router,
    methods: Vec<Method>,
    rules: Option<AccessRule>,
    anybody: bool,
    limits: Limits,
}

impl Mount {
    /// Paths under `path` go to `router`.
    pub fn new(path: &str, router: Router) -> Self {
        Self {
            path: path.to_owned(),
            router,
            methods: [
                Method::GET,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ]
            .to_vec(),
            rules: None,
            anybody: false,
            limits: Limits::default(),
        }
    }

    /// These roles may call.
    #[must_use]
    pub fn allow(mut self, roles: impl IntoIterator<Item = Role>) -> Self {
        let plans = self.rules.map(|rules| rules.plans).unwrap_or_default();
        let roles = Roles::new(roles);
        self.rules = Some(AccessRule { roles, plans });
        self
    }

    /// Only instances on these plans may call.
    #[must_use]
    pub fn plans(mut self, plans: impl IntoIterator<Item = String>) -> Self {
        let rules = self.rules.get_or_insert_with(|| AccessRule {
            roles: Roles::default(),
            plans: Vec::new(),
        });
        rules.plans = plans.into_iter().collect();
        self
    }

    /// Anybody may call, unverified. Handlers take `Option<Caller>`, and get `None`.
    #[must_use]
    pub const fn allow_anybody(mut self) -> Self {
        self.anybody = true;
        self
    }

    /// The methods that are served, and that preflights allow.
    #[must_use]
    pub fn methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.methods = methods.into_iter().collect();
        self
    }

    /// How long a handler may take until its reply begins.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = timeout;
        self
    }

    /// The most bytes of a request's body.
    #[must_use]
    pub const fn body_limit(mut self, bytes: u64) -> Self {
        self.limits.body_bytes = bytes;
        self
    }

    pub(crate) fn into_entry(self) -> Result<EntrySettings, PrefixError> {
        let rules = self.rules.unwrap_or_else(|| AccessRule {
            roles: Roles::default(),
            plans: Vec::new(),
        });
        Ok(EntrySettings {
            path: Prefix::parse(&self.path)?,
            destination: Destination::Mounted(self.router),
            strip_prefix: false,
            methods: Methods::new(self.methods),
            access: if self.anybody {
                AuthPolicy::Anybody
            } else {
                AuthPolicy::Verified(rules)
            },
            limits: self.limits,
            rate_limit: None,
            pass_authorization: false,
            pass_headers: Vec::new(),
            rewrite_redirects: true,
        })
    }
}
