//! Whether a request is being answered on a connection.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

/// A head is waited for.
const LISTENING: u8 = 0;
/// A request was handed over.
const ANSWERING: u8 = 1;
/// Its response is made, and perhaps not written yet.
const ANSWERED: u8 = 2;
/// The connection speaks something else than HTTP from now on.
const SWITCHED: u8 = 3;

/// How far the exchange of one HTTP/1 connection has come.
#[derive(Clone)]
pub(crate) struct Exchanges(Arc<Progress>);

struct Progress {
    state: AtomicU8,
    begun: Instant,
    /// When the last response was written, in milliseconds since then.
    written: AtomicU64,
}

impl Default for Exchanges {
    fn default() -> Self {
        Self(Arc::new(Progress {
            state: AtomicU8::new(LISTENING),
            begun: Instant::now(),
            written: AtomicU64::new(0),
        }))
    }
}

impl Exchanges {
    fn set(&self, state: u8) {
        self.0.state.store(state, Ordering::Relaxed);
    }

    fn is(&self, state: u8) -> bool {
        self.0.state.load(Ordering::Relaxed) == state
    }

    /// A head was read, and its request is being answered.
    pub(crate) fn begin(&self) {
        self.set(ANSWERING);
    }

    /// The response is there; it is made when its body is gone.
    pub(crate) fn watch<B>(&self, response: Response<B>) -> Response<WatchedBody<B>> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.set(SWITCHED);
        }
        response.map(|inner| WatchedBody {
            inner,
            exchanges: self.clone(),
        })
    }

    /// All that was made is written.
    pub(crate) fn written(&self) {
        if self.is(ANSWERED) {
            let now = u64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.0.written.store(now, Ordering::Relaxed);
            self.set(LISTENING);
        }
    }

    /// How long a head has been waited for. `None` while a request is being answered.
    pub(crate) fn idle_for(&self) -> Option<Duration> {
        let since = Duration::from_millis(self.0.written.load(Ordering::Relaxed));
        self.is(LISTENING)
            .then(|| self.0.begun.elapsed().saturating_sub(since))
    }

    /// Whether a head is waited for, so that whatever is written answers one that cannot be read.
    pub(crate) fn are_listening(&self) -> bool {
        self.is(LISTENING)
    }
}

/// A response's body, whose end is the end of its exchange.
pub(crate) struct WatchedBody<B> {
    inner: B,
    exchanges: Exchanges,
}

impl<B> Drop for WatchedBody<B> {
    fn drop(&mut self) {
        if self.exchanges.is(ANSWERING) {
            self.exchanges.set(ANSWERED);
        }
    }
}

impl<B: Body + Unpin> Body for WatchedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
