//! One task at a time for each key, however many callers wait for it.
//!
//! The work runs in a task, so that it goes on when its first caller leaves. Callers that come while it runs get the same
//! result. Results are not stored: the work fills the caller's own cache before it ends, and that cache is read once more
//! before new work begins.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;
use tracing::Instrument as _;

/// The work in flight. Clones share it.
pub struct SingleFlight<K, V>(Arc<Mutex<HashMap<K, watch::Receiver<Option<V>>>>>);

impl<K, V> Clone for SingleFlight<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> Default for SingleFlight<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, V> SingleFlight<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Returns the result of the work for `key`: of the work in flight, or of `work`, unless `known` returns a value by
    /// then. `None` if the work panicked.
    pub async fn run<F>(
        &self,
        key: &K,
        known: impl FnOnce() -> Option<V>,
        work: impl FnOnce() -> F,
    ) -> Option<V>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut receiver = match self.join(key, known) {
            Joined::Known(value) => return Some(value),
            Joined::Under(receiver) => receiver,
            Joined::First(sender, receiver) => {
                let guard = InFlightGuard {
                    in_flight: self.clone(),
                    key: key.clone(),
                };
                let work = work();
                let task = async move {
                    let value = work.await;
                    drop(guard);
                    sender.send_replace(Some(value));
                };
                tokio::spawn(task.in_current_span());
                receiver
            }
        };
        let value = receiver.wait_for(Option::is_some).await.ok()?;
        value.clone()
    }

    fn join(&self, key: &K, known: impl FnOnce() -> Option<V>) -> Joined<V> {
        let mut in_flight = self.0.lock();
        if let Some(receiver) = in_flight.get(key) {
            return Joined::Under(receiver.clone());
        }
        if let Some(value) = known() {
            return Joined::Known(value);
        }
        let (sender, receiver) = watch::channel(None);
        in_flight.insert(key.clone(), receiver.clone());
        Joined::First(sender, receiver)
    }
}

enum Joined<V> {
    Known(V),
    Under(watch::Receiver<Option<V>>),
    First(watch::Sender<Option<V>>, watch::Receiver<Option<V>>),
}

/// Removes the work, also if it panics.
struct InFlightGuard<K: Hash + Eq, V> {
    in_flight: SingleFlight<K, V>,
    key: K,
}

impl<K: Hash + Eq, V> Drop for InFlightGuard<K, V> {
    fn drop(&mut self) {
        self.in_flight.0.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use tokio::sync::Notify;

    #[tokio::test]
    async fn all_who_wait_get_the_outcome_of_one_piece_of_work() {
        let in_flight = SingleFlight::<u8, usize>::default();
        let (count, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let begin = || {
            let (count, go) = (Arc::clone(&count), Arc::clone(&go));
            async move {
                go.notified().await;
                count.fetch_add(1, Ordering::SeqCst) + 1
            }
        };
        // Whoever began it may go away.
        let first = tokio::time::timeout(
            std::time::Duration::from_millis(1),
            in_flight.run(&1, || None, begin),
        );
        assert!(first.await.is_err());
        let waiting: Vec<_> = (0..1000)
            .map(|_| {
                let (in_flight, begin) = (in_flight.clone(), begin());
                tokio::spawn(async move { in_flight.run(&1, || None, || begin).await })
            })
            .collect();
        tokio::task::yield_now().await;
        go.notify_one();
        for waiter in waiting {
            assert_eq!(waiter.await.unwrap(), Some(1));
        }
        assert_eq!(in_flight.run(&1, || Some(7), begin).await, Some(7));
        assert!(in_flight.0.lock().is_empty());
    }

    #[tokio::test]
    async fn a_panic_leaves_nothing_behind() {
        let in_flight = SingleFlight::<u8, u8>::default();
        let outcome = in_flight.run(&1, || None, || async { panic!("in the work") });
        assert_eq!(outcome.await, None);
        assert_eq!(in_flight.run(&1, || None, || async { 2 }).await, Some(2));
    }
}
