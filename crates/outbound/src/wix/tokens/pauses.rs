//! When Wix gave no answer about an instance's token, it is left alone for a while.

use std::time::Duration;

use backlot_wix::InstanceId;
use moka::sync::Cache;
use tokio::time::Instant;

use crate::wix::WixError;

/// No pause is longer, whatever Wix wants.
const MAX_COOLDOWN: Duration = Duration::from_mins(1);

/// The pauses of all instances. Cloning shares them.
#[derive(Clone)]
pub(super) struct Pauses(Cache<InstanceId, Instant>);

impl Pauses {
    pub(super) fn new(most: u64) -> Self {
        let builder = Cache::builder().max_capacity(most);
        Self(builder.time_to_live(MAX_COOLDOWN).build())
    }

    pub(super) fn begin(&self, instance_id: InstanceId, time: Duration) {
        self.0
            .insert(instance_id, Instant::now() + time.min(MAX_COOLDOWN));
    }

    /// The error says how long the pause still lasts.
    pub(super) fn check(&self, instance_id: &InstanceId) -> Result<(), WixError> {
        let Some(until) = self.0.get(instance_id) else {
            return Ok(());
        };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        Err(WixError::Unavailable {
            cause: "Wix gave no token a moment ago, so it is left alone".to_owned(),
            retry_after: Some(left),
        })
    }
}
