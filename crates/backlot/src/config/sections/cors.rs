//! `[cors]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::Duration;

/// Which pages may call the server and read its responses.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cors {
    /// Origins to allow besides those of `wix_hosts` and `https://<app id>.wix.run`, which pages of the first Wix CLI
    /// have. `*` matches one label: `https://*.wixsite.com`.
    pub origins: Vec<String>,
    /// Allows pages of apps that are hosted by Wix: `https://<name>.wix-host.com`, as today's Wix CLI and the one on
    /// Astro deploy them. Wix generates the name, so `true` allows pages of all such apps; their callers are still
    /// authenticated. A list of names (`["my-app-1a2b3c"]`) allows only those, `false` none.
    pub wix_hosts: WixHosts,
    /// Allows the sites on which the app is installed, for its widgets there: each site's own origin, for requests of
    /// that site's own instance. Backlot asks Wix for the site's address as soon as it sees the instance, and again
    /// periodically (see `wix.refresh`).
    pub installed_sites: bool,
    /// Allows `localhost`, `127.0.0.1` and `[::1]` on any port. Always on in `backlot dev`, never in `backlot serve`.
    pub localhost: bool,
    /// Request headers to allow besides those of Wix's own clients, `Cache-Control`, `Pragma` and `Backlot-Echo`.
    pub allow_headers: Vec<String>,
    /// Response headers to expose besides `x-request-id`, `retry-after`, `x-wix-request-id` and `x-wix-consistent`.
    pub expose_headers: Vec<String>,
    /// How long a browser may cache the response to a preflight.
    pub max_age: Duration,
}

/// The pages of apps hosted by Wix that are allowed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "`true`, `false`, or a list of names")]
pub enum WixHosts {
    /// All or none of them.
    All(bool),
    /// Those of these names.
    Named(Vec<String>),
}

impl Default for Cors {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            wix_hosts: WixHosts::All(true),
            installed_sites: false,
            localhost: false,
            allow_headers: Vec::new(),
            expose_headers: Vec::new(),
            max_age: Duration::hours(2),
        }
    }
}
