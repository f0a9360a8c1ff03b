//! The life of one connection: which HTTP is spoken on it, and how it ends.
//!
//! The first bytes decide: HTTP/2 begins with a preface, everything else is HTTP/1. They
//! must come within the time that a head has.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use backlot_outbound::paced_stream::PacedStream;
use bytes::Bytes;
use futures_util::TryFutureExt as _;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::accept::{ConnectionLimits, closing};
use super::bad_head::{Exchanges, RefuseHead, RefusingStream};
use super::idle_eviction::{Crowd, MIN_IDLE_TIME};
use super::interrupt::Interrupt;
use super::shutdown::Phase;
use super::streams::{Answering, StreamExecutor, Streams};

/// The most header lines of a request over HTTP/1.1.
const MAX_HEADERS: usize = 256;
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0";
/// What a client may send of one body, and of all bodies of its connection, before they are read.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;
/// What lies ready of one response for a client that has not taken it yet.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// How long a client may take to leave after it was asked to, without a request under way.
const GOAWAY_TIMEOUT: Duration = Duration::from_secs(5);

/// What HTTP/2 counts for each header beside its bytes (RFC 9113, section 6.5.2).
const HEADER_OVERHEAD_BYTES: usize = 32;
/// As many headers as HTTP/1.1 takes, and the parts of the request line.
const COUNTED_HEADERS: usize = MAX_HEADERS + 4;

/// The most bytes of a head as HTTP/2 counts them, so that it takes every head that HTTP/1.1 takes.
fn header_list_bytes(head_bytes: usize) -> u32 {
    let bytes = head_bytes.saturating_add(COUNTED_HEADERS * HEADER_OVERHEAD_BYTES);
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// Both protocols, with the limits of a listener.
pub(crate) struct Http {
    limits: ConnectionLimits,
    http1: http1::Builder,
    pub(crate) crowd: Crowd,
}

impl Http {
    pub(crate) fn new(limits: &ConnectionLimits) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_timeout)
            .max_headers(MAX_HEADERS)
            // One buffer, one plain write: responses are small, and that is three in a hundred quicker.
            .writev(false)
            .max_buf_size(limits.head_bytes.max(8192));
        Self {
            limits: *limits,
            http1,
            crowd: Crowd::default(),
        }
    }

    /// HTTP/2 with the executor of one connection's streams.
    fn http2(&self, streams: &Arc<Streams>) -> http2::Builder<StreamExecutor> {
        let mut http2 = http2::Builder::new(StreamExecutor {
            streams: Arc::clone(streams),
            write: self.limits.write,
        });
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(128)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_send_buf_size(SEND_BUFFER_BYTES)
            .max_header_list_size(header_list_bytes(self.limits.head_bytes))
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        http2
    }

    /// Serves the connection until it closes. During shutdown, finishes requests in flight first.
    pub(crate) async fn converse<S, B>(
        self: Arc<Self>,
        stream: TcpStream,
        service: S,
        refuse: Option<RefuseHead>,
        mut phase: watch::Receiver<Phase>,
    ) where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Some(is_http2) = self.first_bytes(&stream, &mut phase).await else {
            return;
        };
        let stream = PacedStream::new(stream, self.limits.write);
        let result = if is_http2 {
            let io = TokioIo::new(stream);
            let streams = Streams::new();
            let of_connection = Arc::clone(&streams);
            let service = service_fn(move |request| {
                let answering = Answering::new(&of_connection);
                let response = service.call(request);
                response.map_ok(|response| answering.done(response))
            });
            let connection = self.http2(&streams).serve_connection(io, service);
            let idle_timeout = self.limits.head_timeout;
            until_idle(connection, &streams, idle_timeout, &self.crowd, phase).await
        } else {
            let exchanges = Exchanges::default();
            let io = TokioIo::new(RefusingStream::new(stream, exchanges.clone(), refuse));
            let of_connection = exchanges.clone();
            let service = service_fn(move |request| {
                let exchanges = exchanges.clone();
                exchanges.begin();
                let response = service.call(request);
                response.map_ok(move |response| exchanges.watch(response))
            });
            let connection = self.http1.serve_connection(io, service).with_upgrades();
            until_closed(connection, &of_connection, &self.crowd, phase).await
        };
        if let Err(error) = result {
            tracing::debug!(%error, "connection ended with an error");
        }
    }

    /// Whether the other side begins with HTTP/2's preface. `None` when it says nothing in time, or
    /// the server stops accepting before it does.
    async fn first_bytes(
        &self,
        stream: &TcpStream,
        phase: &mut watch::Receiver<Phase>,
    ) -> Option<bool> {
        let mut bytes = [0; HTTP2_PREFACE.len()];
        let begun = Instant::now();
        let count = {
            let peeking = stream.peek(&mut bytes);
            let mut peeking = pin!(tokio::time::timeout(self.limits.head_timeout, peeking));
            loop {
                tokio::select! {
                    biased;
                    result = peeking.as_mut() => break result.ok()?.ok()?,
                    () = closing(phase) => return None,
                    () = self.crowd.asked() => {
                        if begun.elapsed() >= MIN_IDLE_TIME {
                            return None;
                        }
                        self.crowd.pass_on();
                    }
                }
            }
        };
        Some(count == bytes.len() && bytes == HTTP2_PREFACE)
    }
}

/// Why a connection may have to end.
enum CloseReason {
    ShuttingDown,
    ListenerFull,
}

/// HTTP/1: hyper itself closes a connection without a request.
async fn until_closed<I, S, B>(
    connection: http1::UpgradeableConnection<I, S>,
    exchanges: &Exchanges,
    crowd: &Crowd,
    mut phase: watch::Receiver<Phase>,
) -> Result<(), hyper::Error>
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut connection = pin!(connection);
    loop {
        let reason = pin!(async {
            tokio::select! {
                biased;
                () = closing(&mut phase) => CloseReason::ShuttingDown,
                () = crowd.asked() => CloseReason::ListenerFull,
            }
        });
        let reason = tokio::select! {
            biased;
            result = connection.as_mut() => return result,
            reason = Interrupt::new(reason) => reason,
        };
        match reason {
            CloseReason::ShuttingDown => {
                connection.as_mut().graceful_shutdown();
                return connection.await;
            }
            CloseReason::ListenerFull
                if exchanges
                    .idle_for()
                    .is_some_and(|time| time >= MIN_IDLE_TIME) =>
            {
                return Ok(());
            }
            CloseReason::ListenerFull => crowd.pass_on(),
        }
    }
}

/// HTTP/2: a connection without an open stream is asked to leave, whatever else its client sends, and
/// one that does not leave is cut. So is one that gives up request after request.
async fn until_idle<I, S, B>(
    connection: http2::Connection<I, S, StreamExecutor>,
    streams: &Streams,
    idle_timeout: Duration,
    crowd: &Crowd,
    mut phase: watch::Receiver<Phase>,
) -> Result<(), hyper::Error>
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut connection = pin!(connection);
    let mut timer = pin!(sleep(idle_timeout));
    let mut longest = idle_timeout;
    let mut is_leaving = false;
    loop {
        let leave = tokio::select! {
            biased;
            result = poll_fn(|context| match connection.as_mut().poll(context) {
                Poll::Pending if streams.are_given_up_too_often() => Poll::Ready(Ok(())),
                outcome => outcome,
            }) => return result,
            () = closing(&mut phase), if !is_leaving => true,
            () = crowd.asked(), if !is_leaving => {
                let is_idle = streams.idle_for().is_some_and(|time| time >= MIN_IDLE_TIME);
                if !is_idle {
                    crowd.pass_on();
                }
                is_idle
            }
            () = timer.as_mut() => {
                let idle_for = streams.idle_for();
                let left = longest.saturating_sub(idle_for.unwrap_or_default());
                if left.is_zero() && is_leaving {
                    return Ok(());
                }
                timer.as_mut().reset(Instant::now() + left);
                left.is_zero()
            }
        };
        if leave {
            is_leaving = true;
            longest = GOAWAY_TIMEOUT.min(idle_timeout);
            timer.as_mut().reset(Instant::now() + longest);
            connection.as_mut().graceful_shutdown();
        }
    }
}
