//! A mounted router, the counterpart of an `[[api]]` entry.

use std::time::Duration;

use axum::Router;
use backlot_server::handlers::proxy::{Destination, EntrySettings, Limits, Prefix, PrefixError};
use backlot_server::http::methods::Methods;
use backlot_server::policy::{AccessRule, AuthPolicy, Roles};
use backlot_wix::Role;
use http::Method;

/// A router with its access rule and limits, the counterpart of an `[[api]]` entry for Rust programs.
///
/// The router receives the whole path, including the prefix. All requests are refused unless [`Mount::allow`] or
/// [`Mount::allow_anybody`] allows them.
///
/// ```
/// use axum::{Router, routing::get};
/// use backlot::{Mount, Role};
///
/// let routes = Router::new().route("/reports/latest", get(|| async { "…" }));
/// let mount = Mount::new("/reports", routes).allow([Role::Owner]).plans(["pro"]);
/// ```
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
    /// Mounts `router` at the prefix `path`.
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

    /// Allows these roles.
    #[must_use]
    pub fn allow(mut self, roles: impl IntoIterator<Item = Role>) -> Self {
        let plans = self.rules.map(|rules| rules.plans).unwrap_or_default();
        let roles = Roles::new(roles);
        self.rules = Some(AccessRule { roles, plans });
        self
    }

    /// Allows only instances on these plans. Defaults to all plans.
    #[must_use]
    pub fn plans(mut self, plans: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let rules = self.rules.get_or_insert_with(|| AccessRule {
            roles: Roles::default(),
            plans: Vec::new(),
        });
        rules.plans = plans.into_iter().map(Into::into).collect();
        self
    }

    /// Allows all requests without authentication. Handlers that take `Option<Caller>` get `None`.
    #[must_use]
    pub const fn allow_anybody(mut self) -> Self {
        self.anybody = true;
        self
    }

    /// Sets the methods to serve and to allow in preflights. Defaults to `GET`, `POST`, `PUT`, `PATCH` and `DELETE`.
    #[must_use]
    pub fn methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.methods = methods.into_iter().collect();
        self
    }

    /// Sets how long a handler may take to start its response. Defaults to 30 seconds.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = timeout;
        self
    }

    /// Sets the maximum size of a request's body. Defaults to 10 MiB.
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
