//! The body of a request that is handed on.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::drain::drain;
use super::pace::{Pace, PaceLimits, poll_timer};

/// What is allowed of a request's body.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// The most bytes.
    pub bytes: u64,
    /// The longest time between two pieces.
    pub idle_timeout: Duration,
}

/// Why a body ended early. It is found again in the chain of sources of whatever error it caused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// More bytes than allowed.
    #[error("the body is larger than {0} bytes")]
    TooLarge(u64),
    /// Nothing came for too long.
    #[error("the body stopped arriving")]
    TooSlow,
    /// It came more slowly than the slowest pace that is served.
    #[error("the body did not arrive in time")]
    TooLong,
    /// The client went away in the middle.
    #[error("the client closed the connection in the middle of the body")]
    CutOff,
}

impl BodyError {
    /// Looks for a fault in an error and all that caused it.
    pub fn find_in(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(fault) = error.downcast_ref() {
                return Some(*fault);
            }
            next = error.source();
        }
        None
    }
}

/// A body with its limits. Empty when the request had none.
///
/// It is as small as it can be, since requests are moved often and most have no body.
pub struct RequestBody(Source);

/// Where a body comes from.
enum Source {
    /// Nowhere, or not any more.
    Nothing,
    /// From here.
    Ready(Bytes),
    /// From the other end of a connection.
    Arriving(Box<Arriving>),
}

/// A body on its way, and its limits.
struct Arriving {
    /// `None` once it has ended.
    incoming: Option<Incoming>,
    limits: BodyLimits,
    bytes_left: u64,
    pace_limits: PaceLimits,
    pace: Pace,
    /// For the idle timeout or the pace, whichever ends first. Created when the body is waited for.
    timer: Option<Pin<Box<Sleep>>>,
    progress: Option<Progress>,
}

/// How a body arrives, to be read from elsewhere.
#[derive(Debug, Clone)]
pub struct Progress(Arc<Arrival>);

#[derive(Debug)]
struct Arrival {
    begun: Instant,
    /// When the last piece came, in microseconds since then.
    last_piece: AtomicU64,
    fault: OnceLock<BodyError>,
}

impl Progress {
    fn begin() -> Self {
        Self(Arc::new(Arrival {
            begun: Instant::now(),
            last_piece: AtomicU64::new(0),
            fault: OnceLock::new(),
        }))
    }

    fn piece_came(&self) {
        let since = u64::try_from(self.0.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.0.last_piece.store(since, Ordering::Relaxed);
    }

    /// When the last piece came, its end included; before the first one, when the body was begun to be followed.
    pub fn last_piece(&self) -> Instant {
        self.0.begun + Duration::from_micros(self.0.last_piece.load(Ordering::Relaxed))
    }

    /// Why it ended early. `None` when it did not.
    pub fn fault(&self) -> Option<BodyError> {
        self.0.fault.get().copied()
    }
}

impl RequestBody {
    /// Puts limits on what arrives, and on how slowly it may do so.
    pub fn new(incoming: Incoming, limits: BodyLimits, pace_limits: PaceLimits) -> Self {
        if incoming.is_end_stream() {
            return Self::empty();
        }
        Self(Source::Arriving(Box::new(Arriving {
            incoming: Some(incoming),
            limits,
            bytes_left: limits.bytes,
            pace_limits,
            pace: Pace::new(),
            timer: None,
            progress: None,
        })))
    }

    /// No body at all.
    pub const fn empty() -> Self {
        Self(Source::Nothing)
    }

    /// Bytes that are here already.
    pub fn ready(bytes: Bytes) -> Self {
        if bytes.is_empty() {
            return Self::empty();
        }
        Self(Source::Ready(bytes))
    }

    /// Follows how the body arrives. `None` when there is none.
    pub fn follow(&mut self) -> Option<Progress> {
        let arriving = self.arriving()?;
        arriving.incoming.as_ref()?;
        let progress = arriving.progress.get_or_insert_with(Progress::begin);
        Some(progress.clone())
    }

    /// Puts other limits on what is still to come.
    pub fn limit(&mut self, limits: BodyLimits) {
        if let Some(arriving) = self.arriving() {
            arriving.limits = limits;
            arriving.bytes_left = limits.bytes;
        }
    }

    /// Puts another limit on how far the client may fall behind the slowest rate.
    pub fn limit_time(&mut self, timeout: Duration) {
        if let Some(arriving) = self.arriving() {
            arriving.pace_limits.timeout = timeout;
        }
    }

    /// How many more bytes may arrive.
    pub fn bytes_left(&self) -> u64 {
        match &self.0 {
            Source::Arriving(arriving) => arriving.bytes_left,
            Source::Nothing | Source::Ready(_) => 0,
        }
    }

    const fn arriving(&mut self) -> Option<&mut Arriving> {
        match &mut self.0 {
            Source::Arriving(arriving) => Some(arriving),
            Source::Nothing | Source::Ready(_) => None,
        }
    }
}

impl Arriving {
    /// Ready when the client has been silent, or slow, for too long.
    fn poll_too_slow(&mut self, context: &mut Context<'_>) -> Poll<BodyError> {
        let deadline = self.pace.wait(&self.pace_limits).map(|late| {
            let silent = Instant::now().checked_add(self.limits.idle_timeout);
            silent.map_or(late, |silent| late.min(silent))
        });
        ready!(poll_timer(&mut self.timer, deadline, context));
        Poll::Ready(if self.pace.is_too_slow(&self.pace_limits) {
            BodyError::TooLong
        } else {
            BodyError::TooSlow
        })
    }

    /// It ends here. What still comes is read away, so that the refusal arrives.
    fn fail(&mut self, fault: BodyError) {
        if let Some(progress) = &self.progress {
            let _ = progress.0.fault.set(fault);
        }
        match fault {
            BodyError::TooLarge(_) | BodyError::TooLong => self.drain(),
            BodyError::TooSlow | BodyError::CutOff => self.incoming = None,
        }
    }

    fn drain(&mut self) {
        if let Some(rest) = self.incoming.take() {
            drain(rest);
        }
    }

    fn take_from_budget(&mut self, bytes: usize) -> Result<(), BodyError> {
        self.bytes_left = self
            .bytes_left
            .checked_sub(bytes as u64)
            .ok_or(BodyError::TooLarge(self.limits.bytes))?;
        Ok(())
    }

    fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(incoming) = &mut self.incoming else {
            return Poll::Ready(None);
        };
        let Poll::Ready(frame) = Pin::new(incoming).poll_frame(context) else {
            let fault = ready!(self.poll_too_slow(context));
            self.fail(fault);
            return Poll::Ready(Some(Err(fault)));
        };
        let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok());
        let bytes = bytes.and_then(Frame::data_ref).map_or(0, Bytes::len);
        self.pace.moved(bytes, &self.pace_limits);
        if let Some(progress) = &self.progress {
            progress.piece_came();
        }
        let result = match frame {
            None => {
                self.incoming = None;
                return Poll::Ready(None);
            }
            Some(Err(_)) => Err(BodyError::CutOff),
            // A client's trailers end here: they could carry the names that only we may use.
            Some(Ok(frame)) if frame.is_trailers() => {
                self.incoming = None;
                return Poll::Ready(None);
            }
            Some(Ok(frame)) => self.take_from_budget(bytes).map(|()| frame),
        };
        if let Err(fault) = result {
            self.fail(fault);
        }
        Poll::Ready(Some(result))
    }
}

/// What is not wanted any more is read away.
impl Drop for Arriving {
    fn drop(&mut self) {
        self.drain();
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Source::Nothing => Poll::Ready(None),
            Source::Ready(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Source::Nothing;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Source::Arriving(arriving) => arriving.poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Nothing => true,
            Source::Ready(_) => false,
            Source::Arriving(arriving) => {
                let incoming = arriving.incoming.as_ref();
                incoming.is_none_or(Body::is_end_stream)
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Nothing => SizeHint::with_exact(0),
            Source::Ready(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Arriving(arriving) => {
                let incoming = arriving.incoming.as_ref();
                incoming.map_or(SizeHint::with_exact(0), Body::size_hint)
            }
        }
    }
}
