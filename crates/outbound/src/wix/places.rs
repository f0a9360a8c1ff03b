//! The calls of one subject that are under way at the same time, to the end of their replies.
//!
//! Callers who are not the site's owner read as slowly as they like, so they never get the last quarter
//! of the places: the owner's calls always find one.

use std::sync::Arc;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::Priority;

/// Calls of one subject at the same time; more wait for their turn.
const MAX_AT_ONCE: usize = 64;
/// Those of visitors and members among them, and those in the background.
const MAX_OF_OTHERS: usize = MAX_AT_ONCE / 4 * 3;

/// The places of one subject.
pub(super) struct Places {
    all: Arc<Semaphore>,
    others: Arc<Semaphore>,
}

/// A place that is taken until this is dropped.
pub(super) struct TakenPlace {
    _of_all: OwnedSemaphorePermit,
    _of_others: Option<OwnedSemaphorePermit>,
}

impl Places {
    pub(super) fn new() -> Self {
        Self {
            all: Arc::new(Semaphore::new(MAX_AT_ONCE)),
            others: Arc::new(Semaphore::new(MAX_OF_OTHERS)),
        }
    }

    /// Whether others than the owner would have to wait.
    pub(super) fn are_crowded(&self) -> bool {
        self.others.available_permits() == 0
    }

    /// Waits for a place.
    pub(super) async fn take(&self, priority: Priority) -> Result<TakenPlace, AcquireError> {
        let of_others = match priority {
            Priority::Interactive => None,
            // First, so that no call waits here while it holds one of the owner's slots.
            Priority::Public | Priority::Background => {
                Some(Arc::clone(&self.others).acquire_owned().await?)
            }
        };
        Ok(TakenPlace {
            _of_all: Arc::clone(&self.all).acquire_owned().await?,
            _of_others: of_others,
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn visitors_who_read_slowly_leave_places_for_the_owner() {
        let places = Places::new();
        let take = |priority| places.take(priority).now_or_never().and_then(Result::ok);
        let slow: Vec<TakenPlace> = (0..1000).map_while(|_| take(Priority::Public)).collect();
        assert_eq!(slow.len(), MAX_OF_OTHERS);
        assert!(take(Priority::Background).is_none());
        let owners: Vec<TakenPlace> = (0..1000)
            .map_while(|_| take(Priority::Interactive))
            .collect();
        assert_eq!(owners.len(), MAX_AT_ONCE - MAX_OF_OTHERS);
        drop(slow);
        assert!(take(Priority::Public).is_some());
    }
}
