//! The simulated world: one app, two sites that have it installed, and their users.

mod app;
mod file;
mod site;

pub use app::App;
pub(crate) use app::public_pem;
pub use file::{WorldError, load, load_or_make};
pub use site::Site;

use backlot_wix::{AppId, InstanceId};
use serde::{Deserialize, Serialize};

/// One app and the sites that have it.
#[derive(Clone, Serialize, Deserialize)]
pub struct World {
    pub app: App,
    pub sites: Vec<Site>,
}

impl World {
    /// Returns the site of an instance.
    pub fn site_of(&self, instance_id: InstanceId) -> Option<&Site> {
        self.sites
            .iter()
            .find(|site| site.instance_id == instance_id)
    }

    /// Replaces the app's id and secret. Webhooks are still signed with the key of the simulator.
    #[must_use]
    pub fn with_app(mut self, id: AppId, secret: &str) -> Self {
        self.app.id = id;
        secret.clone_into(&mut self.app.secret);
        self
    }
}
