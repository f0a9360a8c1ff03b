//! The beginning of a response's body, read before its head is sent.
//!
//! Once a head is sent, only a closed connection can tell that the body is broken. An error that is known by then becomes
//! an error response instead.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::timeout;

/// How long the first piece of a body of unknown length is waited for. What came with the head is read by then, and the
/// first piece of a stream may come much later.
const FIRST_FRAME_TIMEOUT: Duration = Duration::from_millis(20);

/// A body of which the first frames have been read.
pub(crate) struct BegunBody<B> {
    pub(crate) first: VecDeque<Frame<Bytes>>,
    /// `None` if `first` is all of it.
    pub(crate) inner: Option<B>,
}

impl<B: Body<Data = Bytes> + Unpin> BegunBody<B> {
    pub(crate) const fn new(inner: B) -> Self {
        Self {
            first: VecDeque::new(),
            inner: Some(inner),
        }
    }

    /// Reads the first frame: waits for it if the head had a `length`, and a moment if it had none.
    ///
    /// # Errors
    /// If the body is broken from its beginning.
    pub(crate) async fn begin(&mut self, length: Option<u64>) -> Result<(), B::Error> {
        let Some(inner) = &mut self.inner else {
            return Ok(());
        };
        if inner.is_end_stream() || length == Some(0) {
            return Ok(());
        }
        let first = poll_fn(|context| Pin::new(&mut *inner).poll_frame(context));
        let first = match length {
            Some(_) => first.await,
            None => timeout(FIRST_FRAME_TIMEOUT, first)
                .await
                .unwrap_or_default(),
        };
        self.first.extend(first.transpose()?);
        Ok(())
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for BegunBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some(frame) = self.first.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        match &mut self.inner {
            Some(inner) => Pin::new(inner).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let first = self.first.iter().filter_map(Frame::data_ref);
        let first: u64 = first.map(|piece| piece.len() as u64).sum();
        let left = self.inner.as_ref().map(Body::size_hint);
        let left = left.unwrap_or_else(|| SizeHint::with_exact(0));
        let mut all = SizeHint::new();
        all.set_lower(left.lower().saturating_add(first));
        if let Some(upper) = left.upper() {
            all.set_upper(upper.saturating_add(first));
        }
        all
    }
}
