//! Connections that left HTTP (WebSocket): carried beside the requests until they end by
//! themselves, or until the server has waited long enough while shutting down.

use std::sync::Arc;

use backlot_outbound::upstream::Tunnel;
use tokio::sync::{mpsc, watch};

use crate::listener::Peer;

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

    /// `connection` keeps the connection's place taken while the tunnel runs.
    pub(crate) fn spawn(&self, tunnel: Tunnel, connection: Arc<Peer>) {
        let mut close = self.close.clone();
        let open = self.open.upgrade();
        tokio::spawn(async move {
            let _held = (open, connection);
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
