//! The body of a response that is handed back.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::pool::Lease;
use crate::body::{IdleTimeout, ResponseBodyError};

/// A response's body, as the upstream sends it.
pub struct ResponseStream {
    inner: Incoming,
    idle_timeout: IdleTimeout,
    lease: Option<Lease>,
    may_end_by_reset: bool,
}

impl ResponseStream {
    /// Limits how long the upstream may be silent. The connection goes back when all is read.
    pub(crate) fn new(inner: Incoming, idle_timeout: Duration, lease: Option<Lease>) -> Self {
        let mut stream = Self {
            inner,
            idle_timeout: IdleTimeout::new(idle_timeout),
            lease,
            may_end_by_reset: false,
        };
        stream.give_back_at_end();
        stream
    }

    /// Takes a reset of the connection for the end of the body. For a response that only the connection's end ends, to a
    /// request with a body: a server that responses before it has read that resets the connection by closing it.
    pub(crate) const fn may_end_by_reset(mut self) -> Self {
        self.may_end_by_reset = true;
        self
    }

    fn give_back_at_end(&mut self) {
        if self.inner.is_end_stream()
            && let Some(lease) = self.lease.take()
        {
            lease.end();
        }
    }
}

fn is_reset(error: &hyper::Error) -> bool {
    let cause = std::error::Error::source(error);
    let cause = cause.and_then(|it| it.downcast_ref::<std::io::Error>());
    cause.is_some_and(|it| it.kind() == std::io::ErrorKind::ConnectionReset)
}

impl Body for ResponseStream {
    type Data = Bytes;
    type Error = ResponseBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ResponseBodyError>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(context) else {
            ready!(this.idle_timeout.poll_elapsed(context));
            return Poll::Ready(Some(Err(ResponseBodyError::TooSlow)));
        };
        this.idle_timeout.stop();
        match &frame {
            None => drop(this.lease.take().map(Lease::end)),
            Some(Ok(_)) => this.give_back_at_end(),
            Some(Err(error)) => {
                this.lease = None;
                if this.may_end_by_reset && is_reset(error) {
                    return Poll::Ready(None);
                }
            }
        }
        Poll::Ready(frame.map(|result| result.map_err(ResponseBodyError::BrokenOff)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
