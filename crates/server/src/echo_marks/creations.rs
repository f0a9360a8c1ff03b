//! Creations that are under way, whose entities are not known yet.
//!
//! An event of their kind waits for them before it is stored. Caveat: each node knows its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use backlot_store::events::NewEvent;
use backlot_wix::InstanceId;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// How long events wait. Wix waits 1,250 ms for the response to a webhook.
const MAX_WAIT: Duration = Duration::from_millis(750);

type Kind = (InstanceId, Box<str>);

/// The creations of this node. Cloning shares them.
#[derive(Clone, Default)]
pub(super) struct Creations(Arc<UnderWay>);

#[derive(Default)]
struct UnderWay {
    counts: Mutex<HashMap<Kind, usize>>,
    ended: Notify,
}

/// A creation that is under way until this is dropped.
pub(super) struct Creation {
    creations: Creations,
    kind: Kind,
}

impl Creations {
    pub(super) fn begin(&self, instance_id: InstanceId, kind: &str) -> Creation {
        let kind: Kind = (instance_id, kind.into());
        *self.0.counts.lock().entry(kind.clone()).or_default() += 1;
        Creation {
            creations: self.clone(),
            kind,
        }
    }

    /// Waits for creations that may have caused one of these events, for a while.
    pub(super) async fn wait(&self, events: &[NewEvent]) {
        if self.0.counts.lock().is_empty() {
            return;
        }
        let deadline = Instant::now() + MAX_WAIT;
        for event in events {
            let Some(echo) = &event.echo else {
                continue;
            };
            let kind: Kind = (event.instance_id, echo.key.kind().into());
            if timeout_at(deadline, self.ended(&kind)).await.is_err() {
                return;
            }
        }
    }

    async fn ended(&self, kind: &Kind) {
        loop {
            let ended = self.0.ended.notified();
            if !self.0.counts.lock().contains_key(kind) {
                return;
            }
            ended.await;
        }
    }
}

impl Drop for Creation {
    fn drop(&mut self) {
        let UnderWay { counts, ended } = &*self.creations.0;
        let mut counts = counts.lock();
        if let Some(count) = counts.get_mut(&self.kind) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.kind);
            }
        }
        drop(counts);
        ended.notify_waiters();
    }
}
