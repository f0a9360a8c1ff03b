//! A limit of calls in flight that keeps a quarter of them for the site's owner, however slowly visitors read.

use std::sync::Arc;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// A limit of the calls of one subject in flight.
pub(crate) struct ConcurrencyLimit {
    all: Arc<Semaphore>,
    /// Calls of others than the owner, which also count in `all`.
    others: Arc<Semaphore>,
}

/// A call in flight, until this is dropped.
pub(crate) struct ConcurrencyPermit {
    _all: OwnedSemaphorePermit,
    _others: Option<OwnedSemaphorePermit>,
}

impl ConcurrencyLimit {
    pub(crate) fn new(max_calls: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(max_calls)),
            others: Arc::new(Semaphore::new(max_calls / 4 * 3)),
        }
    }

    /// Returns whether callers other than the owner would have to wait.
    pub(crate) fn is_crowded(&self) -> bool {
        self.others.available_permits() == 0
    }

    /// Waits for a permit.
    pub(crate) async fn acquire(&self, is_owner: bool) -> Result<ConcurrencyPermit, AcquireError> {
        // First, so that no waiting call holds one of the owner's permits.
        let others = if is_owner {
            None
        } else {
            Some(Arc::clone(&self.others).acquire_owned().await?)
        };
        Ok(ConcurrencyPermit {
            _all: Arc::clone(&self.all).acquire_owned().await?,
            _others: others,
        })
    }

    /// Returns a permit, or `None` if the limit is reached.
    pub(crate) fn try_acquire(&self, is_owner: bool) -> Option<ConcurrencyPermit> {
        let others = (!is_owner).then(|| Arc::clone(&self.others).try_acquire_owned());
        Some(ConcurrencyPermit {
            _others: others.transpose().ok()?,
            _all: Arc::clone(&self.all).try_acquire_owned().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn slow_visitors_leave_places_to_the_owner() {
        let limit = ConcurrencyLimit::new(64);
        let take = |is_owner| limit.try_acquire(is_owner);
        let visitors: Vec<_> = (0..1000).map_while(|_| take(false)).collect();
        assert_eq!(visitors.len(), 48);
        assert!(limit.is_crowded());
        let owners: Vec<_> = (0..1000).map_while(|_| take(true)).collect();
        assert_eq!(owners.len(), 16);
        drop(visitors);
        assert!(limit.acquire(false).await.is_ok());
    }
}
