//! The tasks of all subscriptions.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Subscriptions;
use super::dispatcher::Dispatcher;
use super::means::DeliveryMeans;
use super::retention::warn_of_abandoned;

/// The tasks of all subscriptions.
pub(crate) struct Deliveries {
    stopping: watch::Sender<Option<Duration>>,
    tasks: JoinSet<()>,
}

impl Deliveries {
    /// Starts a task for each subscription.
    pub(crate) fn start(means: &Arc<DeliveryMeans>, subscriptions: &Subscriptions) -> Self {
        let stopping = watch::Sender::new(None);
        let mut tasks = JoinSet::new();
        for settings in subscriptions.iter() {
            let dispatcher = Dispatcher::new(Arc::clone(means), Arc::clone(settings));
            tasks.spawn(dispatcher.run(stopping.subscribe()));
        }
        let (store, subscriptions) = (means.store.clone(), subscriptions.clone());
        let mut stopped = stopping.subscribe();
        tasks.spawn(async move {
            tokio::select! {
                () = warn_of_abandoned(&store, &subscriptions) => {}
                _ = stopped.changed() => {}
            }
        });
        Self { stopping, tasks }
    }

    /// Claims no more, waits for the attempts under way, and releases those that take longer than `timeout`.
    pub(crate) async fn stop(mut self, timeout: Duration) {
        self.stopping.send_replace(Some(timeout));
        while self.tasks.join_next().await.is_some() {}
    }
}
