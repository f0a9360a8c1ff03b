//! What the pages and Wix's endpoints play with.

use std::sync::Arc;

use backlot_wix::{AppSecret, InstanceId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::access_token::AccessTokens;
use crate::memory::{Memory, Sites};
use crate::wix::SiteData;
use crate::world::World;

/// The name of the app whose page comes with the simulator.
const DEMO_APP: &str = "Demo app";

/// Tells the time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Makes a GUID that was not there before.
pub type Guid = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// Where everything is, for the pages to say.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The backend's public listener: `http://127.0.0.1:8080`
    pub backend: String,
    /// The admin listener.
    pub admin: String,
    /// The simulator itself.
    pub simulator: String,
    /// The app's page, which has a separate origin: `http://localhost:5173/`
    pub app_page: String,
    /// Whether that is the developer's own page, which is started and stopped separately.
    pub app_page_is_own: bool,
}

/// The world, the clock, chance, and what has happened so far. Clones share all of it.
#[derive(Clone)]
pub struct Stage {
    /// The app and its sites, as they were at the start; [`Stage::sites`] has them as they are.
    pub world: Arc<World>,
    /// The app's secret: the world's own, or the real app's where the configuration has one.
    pub secret: AppSecret,
    /// Where everything is.
    pub addresses: Arc<Addresses>,
    /// What the app is called.
    pub app_name: Arc<str>,
    /// The time of day.
    pub now: Now,
    pub(crate) guid: Guid,
    pub(crate) site_data: Option<SiteData>,
    pub(crate) tokens: AccessTokens,
    pub(crate) memory: Arc<Memory>,
}

impl Stage {
    /// Nothing has happened yet. `guid` makes request ids.
    pub fn new(
        world: World,
        secret: AppSecret,
        addresses: Addresses,
        now: Now,
        guid: Guid,
    ) -> Self {
        Self {
            tokens: AccessTokens::new(&world.app.private_key),
            memory: Arc::new(Memory::new(&world)),
            world: Arc::new(world),
            secret,
            addresses: Arc::new(addresses),
            app_name: DEMO_APP.into(),
            now,
            guid,
            site_data: None,
        }
    }

    /// Gives the app its own name, in place of the demo's.
    #[must_use]
    pub fn with_app_name(mut self, name: &str) -> Self {
        self.app_name = name.into();
        self
    }

    /// Has Wix's data API answered by the program, which has a database.
    #[must_use]
    pub fn with_site_data(mut self, site_data: SiteData) -> Self {
        self.site_data = Some(site_data);
        self
    }

    /// What a credential that is made now for this instance says of when it was made.
    pub(crate) fn signing_time(&self, instance_id: InstanceId) -> Timestamp {
        let revocations = self.memory.revocations.lock();
        revocations.signing_time(instance_id, (self.now)())
    }

    /// The sites as they are now.
    pub fn sites(&self) -> &Sites {
        &self.memory.sites
    }
}
