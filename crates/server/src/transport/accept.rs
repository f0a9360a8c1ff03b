//! The accept loop.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::body::PaceLimits;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};

use super::RefuseHead;
use super::connection::Http;
use super::idle_eviction::Crowd;
use super::shutdown::Phase;

/// How long to wait before all connections are checked again for idleness.
const EVICTION_INTERVAL: Duration = Duration::from_secs(1);

/// One of the places that a listener has for connections.
pub(crate) type ConnectionPermit = tokio::sync::OwnedSemaphorePermit;

/// What one listener grants its connections.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// How long the head of a request may take to arrive; also how long a connection may be idle.
    pub head_timeout: Duration,
    /// How slowly a client may take its response.
    pub write: PaceLimits,
    /// The most bytes of a head; past it the connection is answered 431 and closed.
    pub head_bytes: usize,
    /// The most open connections.
    pub connections: usize,
}

/// Accepts until the server shuts down, and gives each connection a separate service.
///
/// `service` is called with the other end's address, ours, and the connection's place, which it holds
/// for as long as the connection lives in any form. Beside it, it may say what heads are answered with that are no
/// requests. `alive` is held by every connection.
pub(crate) async fn accept<S, B>(
    listener: TcpListener,
    limits: ConnectionLimits,
    mut phase: watch::Receiver<Phase>,
    alive: mpsc::Sender<()>,
    service: impl Fn(SocketAddr, SocketAddr, ConnectionPermit) -> (S, Option<RefuseHead>),
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Send + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let http = Arc::new(Http::new(&limits));
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        let stream = tokio::select! {
            biased;
            stream = next(&listener) => stream,
            () = closing(&mut phase) => break,
        };
        let Some((stream, remote, local)) = stream else {
            continue;
        };
        let place = tokio::select! {
            biased;
            place = take(&places, &http.crowd, limits.connections) => place,
            () = closing(&mut phase) => break,
        };
        let Some(place) = place else { break };
        let (service, refuse) = service(remote, local, place);
        let connection = Arc::clone(&http).converse(stream, service, refuse, phase.clone());
        let alive = alive.clone();
        tokio::spawn(async move {
            connection.await;
            drop(alive);
        });
    }
}

/// A place, if need be that of an idle connection.
async fn take(
    places: &Arc<Semaphore>,
    crowd: &Crowd,
    connections: usize,
) -> Option<ConnectionPermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    loop {
        crowd.ask(connections);
        let freed = Arc::clone(places).acquire_owned();
        if let Ok(place) = tokio::time::timeout(EVICTION_INTERVAL, freed).await {
            return place.ok();
        }
    }
}

pub(crate) async fn closing(phase: &mut watch::Receiver<Phase>) {
    let _ = phase.wait_for(|phase| *phase == Phase::Closing).await;
}

/// The next connection. `None` after a failure that has passed, such as too many open files.
async fn next(listener: &TcpListener) -> Option<(TcpStream, SocketAddr, SocketAddr)> {
    match listener.accept().await {
        Ok((stream, remote)) => {
            let _ = stream.set_nodelay(true);
            let local = stream.local_addr().ok()?;
            Some((stream, remote, local))
        }
        Err(error) => {
            tracing::warn!(%error, "failed to accept a connection");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}
