//! The shared state of the pages and Wix's endpoints.

use std::sync::Arc;

use backlot_wix::{AppSecret, InstanceId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::access_token::AccessTokens;
use crate::memory::{Memory, Sites};
use crate::webhooks::{EventSigner, PostWebhook};
use crate::wix::SiteData;
use crate::world::World;

/// The name of the app whose page comes with the simulator.
const DEMO_APP: &str = "Demo app";

/// Returns the time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Returns a new GUID.
pub type Guid = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// The addresses of all listeners, for the pages.
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

/// The world, the clock, randomness and the recorded state. Clones share all of it.
#[derive(Clone)]
pub struct Stage {
    /// The app and its sites at the start; [`Stage::sites`] returns the current ones.
    pub world: Arc<World>,
    /// The app's secret: the world's, or the real app's if it is configured.
    pub secret: AppSecret,
    pub addresses: Arc<Addresses>,
    /// What the app is called.
    pub app_name: Arc<str>,
    /// The time of day.
    pub now: Now,
    pub(crate) guid: Guid,
    pub(crate) site_data: Option<SiteData>,
    pub(crate) tokens: AccessTokens,
    /// `None` if the world's private key cannot be read.
    pub(crate) event_signer: Option<Arc<EventSigner>>,
    pub(crate) post_webhook: Option<PostWebhook>,
    pub(crate) memory: Arc<Memory>,
}

impl Stage {
    /// Creates an empty state. `guid` returns request ids.
    pub fn new(
        world: World,
        secret: AppSecret,
        addresses: Addresses,
        now: Now,
        guid: Guid,
    ) -> Self {
        Self {
            tokens: AccessTokens::new(&world.app.private_key),
            event_signer: EventSigner::new(&world.app.private_key).map(Arc::new),
            post_webhook: None,
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

    /// Sets the app's name.
    #[must_use]
    pub fn with_app_name(mut self, name: &str) -> Self {
        self.app_name = name.into();
        self
    }

    /// Sets the service for Wix's data API, which the program provides.
    #[must_use]
    pub fn with_site_data(mut self, site_data: SiteData) -> Self {
        self.site_data = Some(site_data);
        self
    }

    /// Sets the client that sends webhooks, which the program provides.
    #[must_use]
    pub fn with_post_webhook(mut self, post: PostWebhook) -> Self {
        self.post_webhook = Some(post);
        self
    }

    /// Returns the address of the backend's webhooks.
    pub(crate) fn webhook_url(&self) -> String {
        format!("{}/webhooks", self.addresses.backend)
    }

    /// Returns the time of signing for a new credential of this instance.
    pub(crate) fn signing_time(&self, instance_id: InstanceId) -> Timestamp {
        let revocations = self.memory.revocations.lock();
        revocations.signing_time(instance_id, (self.now)())
    }

    /// The sites as they are now.
    pub fn sites(&self) -> &Sites {
        &self.memory.sites
    }
}
