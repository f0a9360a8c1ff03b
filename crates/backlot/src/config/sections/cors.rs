//! `[cors]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::Duration;

/// Which pages may read what the server answers.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cors {
    /// Origins that are let in besides `https://<app id>.wix.run`, which always is. `*` stands for
    /// one label: `https://*.wixsite.com`.
    pub origins: Vec<String>,
    /// Lets in the sites on which the app is installed, for its widgets there: each site's own origin,
    /// for that site's own instance. Wix is asked where a site is as soon as its instance is seen,
    /// and again on a schedule (`wix.refresh`).
    pub installed_sites: bool,
    /// Lets in `localhost`, `127.0.0.1` and `[::1]`, on any port. Always on in `backlot dev`, never
    /// in `backlot serve`.
    pub localhost: bool,
    /// Request headers that pages may send besides those of Wix's own clients.
    pub allow_headers: Vec<String>,
    /// Reply headers that pages may read besides `x-request-id`, `retry-after`,
    /// `x-wix-request-id` and `x-wix-consistent`.
    pub expose_headers: Vec<String>,
    /// How long a browser may keep the answer to a preflight.
    pub max_age: Duration,
}

impl Default for Cors {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            installed_sites: false,
            localhost: false,
            allow_headers: Vec::new(),
            expose_headers: Vec::new(),
            max_age: Duration::hours(2),
        }
    }
}
