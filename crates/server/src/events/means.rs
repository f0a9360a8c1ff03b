//! What attempts are made with.

use std::sync::Arc;

use backlot_outbound::upstream::Client;
use backlot_store::Store;
use backlot_store::events::{Event, UNASSIGNED};

use super::body;
use crate::auth::elevated_token::ElevatedTokens;
use crate::clock::Clock;
use crate::instances::InstanceDirectory;
use crate::secrets::Vault;
use crate::telemetry::metrics::Metrics;

/// The parts of the server that an attempt needs.
pub(crate) struct DeliveryMeans {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) client: Client,
    pub(crate) vault: Vault,
    pub(crate) elevated: Arc<ElevatedTokens>,
    pub(crate) directory: InstanceDirectory,
    pub(crate) metrics: Arc<Metrics>,
}

impl DeliveryMeans {
    /// Returns the site of an event, if it is known without a question to Wix.
    pub(super) async fn site_of(&self, event: &Event) -> Option<String> {
        let site_id = body::site_of_details(event);
        if site_id.is_some() || event.instance_id == UNASSIGNED {
            return site_id;
        }
        let details = self.directory.kept(event.instance_id).await?;
        details.answer.site.site_id.clone()
    }
}
