//! The streams of one HTTP/2 connection: how many are open, and whether their clients take what they
//! asked for.
//!
//! HTTP/2 lets a client stop one response by giving it no window, while the connection itself goes on. So
//! each stream runs in a separate task ([`StreamExecutor`]) that knows, from the response's body
//! ([`TrackedBody`]), whether it is the client that is waited for. A stream whose client is too slow is
//! dropped, which resets it. The two speak to each other by a value of the thread, set while the task is
//! polled: hyper stands between them and hands nothing on.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use backlot_outbound::body::{PaceLimits, PaceTimer};
use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use hyper::rt::Executor;
use tokio::time::Instant;

/// The most that is handed to HTTP/2 at a time. What was handed over last may lie there until the
/// connection ends, so it is little.
const MAX_AT_ONCE: usize = 32 * 1024;
/// Requests that a client may give up before their response, less those that were answered. Browsers give
/// up a page's worth at a time; past this it is the cheap way to keep a server busy ("rapid reset").
const MAX_GIVEN_UP: u64 = 200;

/// What a task's last look at its response's body came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// There was none.
    None,
    /// So many bytes were handed over, and more are wanted once the client takes them.
    HandedOver(usize),
    /// The source of the body is waited for, or has ended.
    Source,
}

thread_local! {
    static LAST_POLL: Cell<Look> = const { Cell::new(Look::None) };
}

/// What is known of a connection's streams.
pub(crate) struct Streams {
    open: AtomicUsize,
    /// When the last one ended, in milliseconds since `begun`.
    last_ended: AtomicU64,
    begun: Instant,
    given_up: AtomicU64,
}

impl Streams {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            open: AtomicUsize::new(0),
            last_ended: AtomicU64::new(0),
            begun: Instant::now(),
            given_up: AtomicU64::new(0),
        })
    }

    /// How long none has been open. `None` while one is.
    pub(crate) fn idle_for(&self) -> Option<Duration> {
        if self.open.load(Ordering::Acquire) > 0 {
            return None;
        }
        let ended = Duration::from_millis(self.last_ended.load(Ordering::Acquire));
        Some(self.begun.elapsed().saturating_sub(ended))
    }

    /// Whether the client has given up more requests than one who means well does.
    pub(crate) fn are_given_up_too_often(&self) -> bool {
        self.given_up.load(Ordering::Relaxed) > MAX_GIVEN_UP
    }

    fn ended(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ended.fetch_max(now, Ordering::AcqRel);
        self.open.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Spawns a task for each stream of one connection.
#[derive(Clone)]
pub(crate) struct StreamExecutor {
    pub(crate) streams: Arc<Streams>,
    pub(crate) write: PaceLimits,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for StreamExecutor {
    fn execute(&self, stream: F) {
        let open = OpenStream::new(&self.streams);
        let mut wait = ClientWait {
            is_on: false,
            pace: PaceTimer::new(self.write),
        };
        tokio::spawn(async move {
            // Dropped last: a connection that is idle holds nothing.
            let _open = open;
            let mut stream = pin!(stream);
            poll_fn(|context| wait.poll_stream(stream.as_mut(), context)).await;
        });
    }
}

/// Counted among the open ones for as long as it lives.
struct OpenStream(Arc<Streams>);

impl OpenStream {
    fn new(streams: &Arc<Streams>) -> Self {
        streams.open.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(streams))
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.ended();
    }
}

/// Whether a stream waits for its client, and for how long that may be.
struct ClientWait {
    is_on: bool,
    pace: PaceTimer,
}

impl ClientWait {
    /// Ready when the stream has ended, or is to be given up.
    fn poll_stream(
        &mut self,
        stream: Pin<&mut impl Future<Output = ()>>,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        LAST_POLL.set(Look::None);
        let outcome = stream.poll(context);
        let look = LAST_POLL.replace(Look::None);
        if outcome.is_ready() {
            return outcome;
        }
        match look {
            Look::None => {}
            Look::HandedOver(bytes) => {
                self.pace.moved(bytes);
                self.is_on = true;
            }
            Look::Source => {
                self.pace.pause();
                self.is_on = false;
            }
        }
        if !self.is_on {
            return Poll::Pending;
        }
        ready!(self.pace.poll_too_slow(context));
        tracing::debug!("reset a stream whose client stopped reading");
        Poll::Ready(())
    }
}

/// A request whose response is being made. Dropped before that, it was given up.
pub(crate) struct Answering(Option<Arc<Streams>>);

impl Answering {
    pub(crate) fn new(streams: &Arc<Streams>) -> Self {
        Self(Some(Arc::clone(streams)))
    }

    /// The response is there.
    pub(crate) fn done<B>(mut self, response: Response<B>) -> Response<TrackedBody<B>> {
        if let Some(streams) = self.0.take() {
            let relaxed = Ordering::Relaxed;
            let one_less = |count: u64| count.checked_sub(1);
            let _ = streams.given_up.fetch_update(relaxed, relaxed, one_less);
        }
        response.map(TrackedBody::new)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        if let Some(streams) = &self.0 {
            streams.given_up.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A body that says when it is asked for more, and hands over little at a time.
pub(crate) struct TrackedBody<B> {
    inner: B,
    /// What was too much for one piece.
    rest: Bytes,
}

impl<B> TrackedBody<B> {
    const fn new(inner: B) -> Self {
        Self {
            inner,
            rest: Bytes::new(),
        }
    }

    fn hand_over(&mut self, mut bytes: Bytes) -> Frame<Bytes> {
        if bytes.len() > MAX_AT_ONCE {
            self.rest = bytes.split_off(MAX_AT_ONCE);
        }
        let before = match LAST_POLL.get() {
            Look::HandedOver(before) => before,
            Look::None | Look::Source => 0,
        };
        LAST_POLL.set(Look::HandedOver(before + bytes.len()));
        Frame::data(bytes)
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for TrackedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        if !this.rest.is_empty() {
            let rest = std::mem::take(&mut this.rest);
            return Poll::Ready(Some(Ok(this.hand_over(rest))));
        }
        match Pin::new(&mut this.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(Ok(match frame.into_data() {
                Ok(bytes) => this.hand_over(bytes),
                Err(trailers) => trailers,
            }))),
            other => {
                LAST_POLL.set(Look::Source);
                other
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let inner = self.inner.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower().saturating_add(rest));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}
