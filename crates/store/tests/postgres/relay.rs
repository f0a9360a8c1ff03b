//! A relay between a store and its server, which can fall silent: nothing is forwarded any more, and nothing is closed. It
//! does so when it is told to, or at a text that the store sends.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Network {
    Works,
    /// Nothing is forwarded.
    IsSilent,
}

/// The relay. Ends with this value.
pub(crate) struct Relay {
    port: u16,
    network: Arc<watch::Sender<Network>>,
    silencing: Arc<Mutex<Option<&'static str>>>,
    listening: tokio::task::JoinHandle<()>,
}

impl Relay {
    /// Between whoever connects to it and the server of a database.
    pub(crate) async fn to(url: &str) -> Self {
        let (_, rest) = url.rsplit_once('@').unwrap();
        let server = rest.split('/').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let network = Arc::new(watch::Sender::new(Network::Works));
        let silencing = Arc::new(Mutex::new(None));
        let (state, text) = (Arc::clone(&network), Arc::clone(&silencing));
        let listening = tokio::spawn(async move {
            while let Ok((inner, _)) = listener.accept().await {
                tokio::spawn(relay(
                    inner,
                    server.clone(),
                    Arc::clone(&state),
                    Arc::clone(&text),
                ));
            }
        });
        Self {
            port,
            network,
            silencing,
            listening,
        }
    }

    /// The address of a database, by way of the relay.
    pub(crate) fn url(&self, url: &str) -> String {
        let (before, rest) = url.rsplit_once('@').unwrap();
        let (_, name) = rest.split_once('/').unwrap();
        format!("{before}@127.0.0.1:{}/{name}", self.port)
    }

    pub(crate) fn fall_silent(&self) {
        self.network.send_replace(Network::IsSilent);
    }

    /// Falls silent before a statement with this text reaches the server.
    pub(crate) fn fall_silent_before(&self, text: &'static str) {
        *self.silencing.lock().unwrap() = Some(text);
    }

    /// Waits until it is silent.
    pub(crate) async fn is_silent(&self) {
        silence(&mut self.network.subscribe()).await;
    }

    /// New connections work again; those that there were stay silent for ever.
    pub(crate) fn recover(&self) {
        self.network.send_replace(Network::Works);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

#[expect(clippy::disallowed_methods, reason = "it is the network")]
async fn relay(
    inner: TcpStream,
    server: String,
    network: Arc<watch::Sender<Network>>,
    silencing: Arc<Mutex<Option<&'static str>>>,
) {
    let mut state = network.subscribe();
    let is_silent = *state.borrow_and_update() == Network::IsSilent;
    if is_silent {
        // Held open, and never answered.
        std::future::pending::<()>().await;
    }
    let Ok(outer) = TcpStream::connect(server).await else {
        return;
    };
    let ((from, to), (back_from, back_to)) = (inner.into_split(), outer.into_split());
    let silenced = move |bytes: &[u8]| {
        let text = *silencing.lock().unwrap();
        let has = |text: &str| bytes.windows(text.len()).any(|it| it == text.as_bytes());
        if text.is_some_and(has) {
            network.send_replace(Network::IsSilent);
        }
        text.is_some_and(has)
    };
    let both = async {
        tokio::join!(
            copy(from, back_to, silenced),
            copy(back_from, to, |_| false)
        );
    };
    // Kept in any case: what is dropped is closed.
    let mut both = std::pin::pin!(both);
    tokio::select! {
        () = &mut both => {}
        () = silence(&mut state) => std::future::pending().await,
    }
}

async fn silence(state: &mut watch::Receiver<Network>) {
    let _ = state.wait_for(|it| *it == Network::IsSilent).await;
}

/// Forwards bytes, until the network is silenced before some.
async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    is_silenced_before: impl Fn(&[u8]) -> bool,
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if is_silenced_before(&bytes[..count]) {
            std::future::pending::<()>().await;
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
