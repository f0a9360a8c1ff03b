//! Wake-ups for tasks that wait for due deliveries.

use tokio::sync::watch;

/// Announces that deliveries may have become due. Cloning shares it.
#[derive(Debug, Clone)]
pub(crate) struct Arrivals(watch::Sender<u64>);

impl Arrivals {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    pub(crate) fn announce(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }

    /// Returns whether no receiver is left.
    pub(crate) fn is_unused(&self) -> bool {
        self.0.is_closed()
    }

    /// Waits until no receiver is left.
    pub(crate) async fn unused(&self) {
        self.0.closed().await;
    }
}
