//! The accept loop and the life of one connection.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};

use super::drain::Phase;

/// What one listener grants its connections.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// How long the head of a request may take to arrive; also how long a connection may be idle.
    pub head_timeout: Duration,
    /// The most bytes of a head; past it the connection is answered 431 and closed.
    pub head_bytes: usize,
    /// The most open connections.
    pub connections: usize,
}

impl ConnectionLimits {
    fn http(&self) -> auto::Builder<TokioExecutor> {
        let mut http = auto::Builder::new(TokioExecutor::new());
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_timeout)
            .max_headers(256)
            .max_buf_size(self.head_bytes.max(8192));
        http.http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(128)
            .max_header_list_size(u32::try_from(self.head_bytes).unwrap_or(u32::MAX))
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        http
    }
}

/// Accepts until the door is shut, and gives each connection a service of its own.
///
/// `service` is called with the other end's address and ours; `alive` is held by every connection.
pub(crate) async fn accept<S, B>(
    listener: TcpListener,
    limits: ConnectionLimits,
    mut phase: watch::Receiver<Phase>,
    alive: mpsc::Sender<()>,
    service: impl Fn(SocketAddr, SocketAddr) -> S,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Send + 'static,
    S::Future: Send + 'static,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let http = Arc::new(limits.http());
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let stream = tokio::select! {
            biased;
            stream = next(&listener) => stream,
            () = closing(&mut phase) => break,
        };
        let Some((stream, remote, local)) = stream else {
            continue;
        };
        let service = service(remote, local);
        let connection = converse(Arc::clone(&http), stream, service, phase.clone());
        let alive = alive.clone();
        tokio::spawn(async move {
            connection.await;
            drop((alive, place));
        });
    }
}

async fn closing(phase: &mut watch::Receiver<Phase>) {
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
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

async fn converse<S, B>(
    http: Arc<auto::Builder<TokioExecutor>>,
    stream: TcpStream,
    service: S,
    mut phase: watch::Receiver<Phase>,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let connection = http.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = closing(&mut phase) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(error, "a connection ended");
    }
}
