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

    /// Replaces the app. Keeps its public key unless another one is given.
    #[must_use]
    pub fn with_app(mut self, id: AppId, secret: &str, public_key: Option<&str>) -> Self {
        self.app.id = id;
        secret.clone_into(&mut self.app.secret);
        if let Some(public_key) = public_key {
            public_key.clone_into(&mut self.app.public_key);
        }
        self
    }
}
