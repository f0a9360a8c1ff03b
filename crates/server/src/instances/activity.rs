//! The register of instances, written behind the requests: counting one is a few nanoseconds in
//! memory, and a task writes what has gathered every second.
//!
//! What a crash loses is up to a second of counts, never an instance for good: the next request
//! registers it again. A database that fails gets the same counts with the next batch.

use std::collections::HashMap;
use std::time::Duration;

use backlot_store::Store;
use backlot_store::instances::ActivityDelta;
use backlot_wix::caller::CredentialKind;
use backlot_wix::{Caller, InstanceId, Role};
use jiff::Timestamp;
use parking_lot::Mutex;

use crate::error::Chain;
use crate::id_hasher::InstanceHash;

/// How often what has gathered is written.
pub(crate) const INTERVAL: Duration = Duration::from_secs(1);

pub(crate) struct InstanceActivity {
    store: Store,
    gathered: Mutex<HashMap<InstanceId, ActivityDelta, InstanceHash>>,
}

impl InstanceActivity {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            gathered: Mutex::default(),
        }
    }

    /// Counts one verified request. True for the first of its instance since the last writing.
    pub(crate) fn note(&self, caller: &Caller, now: Timestamp) -> bool {
        let mut gathered = self.gathered.lock();
        let mut is_first = false;
        let sighting = gathered.entry(caller.instance_id).or_insert_with(|| {
            is_first = true;
            seen(caller.instance_id, now)
        });
        // Tokens name no plan: what Wix says of the instance has it.
        if caller.credential == CredentialKind::SignedInstance {
            name(
                &mut sighting.plan,
                caller.plan.as_deref().unwrap_or_default(),
            );
        }
        if let Some(site_id) = caller.site_id.as_deref() {
            name(&mut sighting.site_id, site_id);
        }
        sighting.last_seen = now;
        sighting.requests[caller.role.index()] += 1;
        is_first
    }

    /// Notes an event of an instance: it may come before the first request.
    pub(crate) fn note_event(&self, instance_id: InstanceId, now: Timestamp) {
        let mut gathered = self.gathered.lock();
        let sighting = gathered.entry(instance_id);
        sighting.or_insert_with(|| seen(instance_id, now)).last_seen = now;
    }

    /// Writes what has gathered.
    pub(crate) async fn write(&self) {
        let batch: Vec<ActivityDelta> = {
            let mut gathered = self.gathered.lock();
            if gathered.is_empty() {
                return;
            }
            let batch = gathered.drain().map(|(_, sighting)| sighting).collect();
            gathered.shrink_to(1024);
            batch
        };
        if let Err(error) = self.store.record_activity(batch.clone()).await {
            tracing::warn!(error = %Chain(&error), instances = batch.len(), "failed to write the activity of instances; retrying");
            self.put_back(batch);
        }
    }

    fn put_back(&self, batch: Vec<ActivityDelta>) {
        let mut gathered = self.gathered.lock();
        for old in batch {
            match gathered.get_mut(&old.instance_id) {
                None => {
                    gathered.insert(old.instance_id, old);
                }
                Some(sighting) => {
                    sighting.first_seen = old.first_seen;
                    for (count, before) in sighting.requests.iter_mut().zip(old.requests) {
                        *count += before;
                    }
                    sighting.plan = sighting.plan.take().or(old.plan);
                    sighting.site_id = sighting.site_id.take().or(old.site_id);
                }
            }
        }
    }
}

fn seen(instance_id: InstanceId, now: Timestamp) -> ActivityDelta {
    ActivityDelta {
        instance_id,
        first_seen: now,
        last_seen: now,
        requests: [0; Role::COUNT],
        plan: None,
        site_id: None,
    }
}

/// Sets what is named, without a new text where it is the same.
fn name(known: &mut Option<String>, named: &str) {
    if known.as_deref() != Some(named) {
        *known = Some(named.to_owned());
    }
}
