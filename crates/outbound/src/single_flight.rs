//! One piece of work at a time for each key, however many wait for it.
//!
//! The work runs in a separate task, so that it continues when the caller that started it is cancelled. A caller that
//! comes while it runs gets the same outcome. Nothing is kept: that is for the caller's own cache,
//! which the work fills before it ends, and which is looked at once more before new work begins.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

/// The work that is under way. Cloning shares it.
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
    /// The outcome of the work for `key`: of that which is under way, or of `work`, unless `known`
    /// finds meanwhile that none is needed. `None` if the work panicked.
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
                let landing = Landing {
                    flights: self.clone(),
                    key: key.clone(),
                };
                let work = work();
                tokio::spawn(async move {
                    let value = work.await;
                    drop(landing);
                    sender.send_replace(Some(value));
                });
                receiver
            }
        };
        let value = receiver.wait_for(Option::is_some).await.ok()?;
        value.clone()
    }

    fn join(&self, key: &K, known: impl FnOnce() -> Option<V>) -> Joined<V> {
        let mut flights = self.0.lock();
        if let Some(receiver) = flights.get(key) {
            return Joined::Under(receiver.clone());
        }
        if let Some(value) = known() {
            return Joined::Known(value);
        }
        let (sender, receiver) = watch::channel(None);
        flights.insert(key.clone(), receiver.clone());
        Joined::First(sender, receiver)
    }
}

enum Joined<V> {
    Known(V),
    Under(watch::Receiver<Option<V>>),
    First(watch::Sender<Option<V>>, watch::Receiver<Option<V>>),
}

/// Takes the work off the list, also when it panics.
struct Landing<K: Hash + Eq, V> {
    flights: SingleFlight<K, V>,
    key: K,
}

impl<K: Hash + Eq, V> Drop for Landing<K, V> {
    fn drop(&mut self) {
        self.flights.0.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use tokio::sync::Notify;

    #[tokio::test]
    async fn all_who_wait_get_the_outcome_of_one_piece_of_work() {
        let flights = SingleFlight::<u8, usize>::default();
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
            flights.run(&1, || None, begin),
        );
        assert!(first.await.is_err());
        let waiting: Vec<_> = (0..1000)
            .map(|_| {
                let (flights, begin) = (flights.clone(), begin());
                tokio::spawn(async move { flights.run(&1, || None, || begin).await })
            })
            .collect();
        tokio::task::yield_now().await;
        go.notify_one();
        for waiter in waiting {
            assert_eq!(waiter.await.unwrap(), Some(1));
        }
        assert_eq!(flights.run(&1, || Some(7), begin).await, Some(7));
        assert!(flights.0.lock().is_empty());
    }

    #[tokio::test]
    async fn a_panic_leaves_nothing_behind() {
        let flights = SingleFlight::<u8, u8>::default();
        let outcome = flights.run(&1, || None, || async { panic!("in the work") });
        assert_eq!(outcome.await, None);
        assert_eq!(flights.run(&1, || None, || async { 2 }).await, Some(2));
    }
}
