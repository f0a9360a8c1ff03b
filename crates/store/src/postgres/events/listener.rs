//! Wake-ups from other nodes: a connection that listens for notifications.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio_postgres::{AsyncMessage, Config};

use crate::arrivals::Arrivals;
use crate::postgres::PostgresStore;
use crate::postgres::tls::MakeRustlsConnect;

/// How long to wait before another connection is tried.
const RECONNECT_BACKOFF: Duration = Duration::from_secs(1);

/// The task that listens, while deliveries are waited for. Cloning shares it.
#[derive(Clone)]
pub(in crate::postgres) struct Listener {
    config: Arc<Config>,
    tls: MakeRustlsConnect,
    is_running: Arc<AtomicBool>,
}

impl Listener {
    pub(in crate::postgres) fn new(config: Config, tls: MakeRustlsConnect) -> Self {
        Self {
            config: Arc::new(config),
            tls,
            is_running: Arc::default(),
        }
    }

    /// Listens until no receiver is left. What happened without a connection is announced once there is one.
    async fn run(&self, arrivals: &Arrivals) {
        while !arrivals.is_unused() {
            if self.listen(arrivals).await.is_err() {
                tokio::time::sleep(RECONNECT_BACKOFF).await;
            }
        }
    }

    async fn listen(&self, arrivals: &Arrivals) -> Result<(), tokio_postgres::Error> {
        let (client, mut connection) = self.config.connect(self.tls.clone()).await?;
        let listening = async {
            client.batch_execute("LISTEN backlot_deliveries").await?;
            arrivals.announce();
            arrivals.unused().await;
            Ok(())
        };
        let messages = async {
            while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notification(_) = message? {
                    arrivals.announce();
                }
            }
            Ok(())
        };
        tokio::select! {
            outcome = listening => outcome,
            outcome = messages => outcome,
        }
    }
}

impl PostgresStore {
    pub(crate) fn deliveries_arrived(&self) -> watch::Receiver<u64> {
        let arrived = self.arrivals.subscribe();
        if !self.listener.is_running.swap(true, Ordering::AcqRel) {
            let (listener, arrivals) = (self.listener.clone(), self.arrivals.clone());
            tokio::spawn(async move {
                loop {
                    listener.run(&arrivals).await;
                    listener.is_running.store(false, Ordering::Release);
                    // A receiver that came meanwhile has found it running.
                    if arrivals.is_unused() || listener.is_running.swap(true, Ordering::AcqRel) {
                        break;
                    }
                }
            });
        }
        arrived
    }
}
