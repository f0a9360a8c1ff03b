//! Connections that left HTTP (WebSocket): carried beside the requests until they end by
//! themselves, or until the server has waited long enough while shutting down.

use backlot_outbound::upstream::Tunnel;
use tokio::sync::{mpsc, watch};

/// Starts tunnels and knows when none is left.
pub(crate) struct Tunnels {
    close: watch::Receiver<bool>,
    open: mpsc::WeakSender<()>,
}

impl Tunnels {
    /// `close` turns true when every tunnel must end; each holds `open` while it runs.
    pub(crate) fn new(close: watch::Receiver<bool>, open: &mpsc::Sender<()>) -> Self {
        Self {
            close,
            open: open.downgrade(),
        }
    }

    pub(crate) fn spawn(&self, tunnel: Tunnel) {
        let mut close = self.close.clone();
        let open = self.open.upgrade();
        tokio::spawn(async move {
            let _open = open;
            tokio::select! {
                result = tunnel.run() => {
                    if let Err(error) = result {
                        tracing::debug!(%error, "a tunnel broke");
                    }
                }
                _ = close.wait_for(|close| *close) => {}
            }
        });
    }
}
