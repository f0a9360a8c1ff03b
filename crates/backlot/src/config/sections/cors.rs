//! `[cors]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::Duration;

/// Which pages may read what the server answers.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cors {
    /// Origins that are let in besides those of `wix_hosts` and `https://<app id>.wix.run`, where pages of the first
    /// Wix CLI come from. `*` stands for one label: `https://*.wixsite.com`.
    pub origins: Vec<String>,
    /// Pages of apps that were made with today's Wix CLI, or the one on Astro: `https://<name>.wix-host.com`. Wix makes the
    /// name up, so pages of all such apps are let in, which still prove who calls. A list of names
    /// (`["my-app-1a2b3c"]`) narrows it, `false` turns it off.
    pub wix_hosts: WixHosts,
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

/// Which pages of apps that Wix hosts are let in.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "`true`, `false`, or a list of names")]
pub enum WixHosts {
    /// All of them, or none.
    All(bool),
    /// These.
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
