//! The life of one connection: which HTTP is spoken on it, and how it ends.
//!
//! The first bytes decide: HTTP/2 begins with a preface of its own, everything else is HTTP/1. They
//! must come within the time that a head has.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::accept::{ConnectionLimits, closing};
use super::drain::Phase;

const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0";

/// Both protocols, with the limits of a listener.
pub(super) struct Http {
    first_bytes_timeout: Duration,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Http {
    pub(super) fn new(limits: &ConnectionLimits) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_timeout)
            .max_headers(256)
            // One buffer, one plain write: replies are small, and that is three in a hundred quicker.
            .writev(false)
            .max_buf_size(limits.head_bytes.max(8192));
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(128)
            .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        Self {
            first_bytes_timeout: limits.head_timeout,
            http1,
            http2,
        }
    }

    /// Speaks until one side ends it; when the door is shut, until what is being answered is.
    pub(super) async fn converse<S, B>(
        self: Arc<Self>,
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
        let Some(is_http2) = self.first_bytes(&stream, &mut phase).await else {
            return;
        };
        let io = TokioIo::new(stream);
        let result = if is_http2 {
            let connection = self.http2.serve_connection(io, service);
            until_closed(connection, http2::Connection::graceful_shutdown, phase).await
        } else {
            let connection = self.http1.serve_connection(io, service).with_upgrades();
            until_closed(
                connection,
                http1::UpgradeableConnection::graceful_shutdown,
                phase,
            )
            .await
        };
        if let Err(error) = result {
            tracing::debug!(%error, "a connection ended");
        }
    }

    /// Whether the other side begins with HTTP/2's preface. `None` when it says nothing in time, or
    /// the door is shut before it does.
    async fn first_bytes(
        &self,
        stream: &TcpStream,
        phase: &mut watch::Receiver<Phase>,
    ) -> Option<bool> {
        let mut bytes = [0; HTTP2_PREFACE.len()];
        let peeking = tokio::time::timeout(self.first_bytes_timeout, stream.peek(&mut bytes));
        let count = tokio::select! {
            biased;
            result = peeking => result.ok()?.ok()?,
            () = closing(phase) => return None,
        };
        Some(count == bytes.len() && bytes == HTTP2_PREFACE)
    }
}

async fn until_closed<C>(
    connection: C,
    close: impl FnOnce(Pin<&mut C>),
    mut phase: watch::Receiver<Phase>,
) -> Result<(), hyper::Error>
where
    C: Future<Output = Result<(), hyper::Error>>,
{
    tokio::pin!(connection);
    tokio::select! {
        result = connection.as_mut() => result,
        () = closing(&mut phase) => {
            close(connection.as_mut());
            connection.await
        }
    }
}
