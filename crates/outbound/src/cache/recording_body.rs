//! A body that is recorded while it is read.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// A body that is passed on, and given to a function once it is complete. One that is too large, fails or is dropped
/// early is not.
pub struct RecordingBody<B, F> {
    inner: B,
    recorded: Option<(Vec<u8>, F)>,
    limit: usize,
}

impl<B, F: FnOnce(Bytes)> RecordingBody<B, F> {
    /// Records up to `limit` bytes of `inner` for `take`.
    pub const fn new(inner: B, limit: usize, take: F) -> Self {
        Self {
            inner,
            recorded: Some((Vec::new(), take)),
            limit,
        }
    }

    /// Returns the inner body.
    pub const fn inner(&self) -> &B {
        &self.inner
    }

    /// Copies a piece, which may be a small part of a large buffer.
    fn record(&mut self, piece: &[u8]) {
        if let Some((whole, _)) = &mut self.recorded {
            if piece.len() <= self.limit - whole.len() {
                whole.extend_from_slice(piece);
            } else {
                self.recorded = None;
            }
        }
    }

    fn finish(&mut self) {
        if let Some((mut whole, take)) = self.recorded.take() {
            whole.shrink_to_fit();
            take(whole.into());
        }
    }
}

impl<B, F> Body for RecordingBody<B, F>
where
    B: Body<Data = Bytes> + Unpin,
    F: FnOnce(Bytes) + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        let frame = ready!(Pin::new(&mut this.inner).poll_frame(context));
        match &frame {
            None => this.finish(),
            Some(Err(_)) => this.recorded = None,
            Some(Ok(frame)) => match frame.data_ref() {
                Some(piece) => {
                    this.record(piece);
                    // The body may not be polled again.
                    if this.inner.is_end_stream() {
                        this.finish();
                    }
                }
                // Trailers would be lost.
                None => this.recorded = None,
            },
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::stream::iter;
    use http_body_util::{BodyExt as _, Full, StreamBody};

    use super::*;

    async fn recorded(pieces: &[Result<&'static str, ()>], limit: usize) -> Option<Bytes> {
        let whole = Cell::new(None);
        let frames = pieces.iter().map(|it| it.map(|it| Frame::data(it.into())));
        let inner = StreamBody::new(iter(frames));
        let body = RecordingBody::new(inner, limit, |it| whole.set(Some(it)));
        let _ = body.collect().await;
        whole.take()
    }

    #[tokio::test]
    async fn only_what_is_whole_is_handed_over() {
        let whole = recorded(&[Ok("one, "), Ok("two")], 8).await;
        assert_eq!(whole.unwrap(), "one, two");
        assert_eq!(recorded(&[], 8).await.unwrap(), "");
        assert_eq!(recorded(&[Ok("one, "), Ok("three")], 8).await, None);
        assert_eq!(recorded(&[Ok("one"), Err(())], 8).await, None);
    }

    #[tokio::test]
    async fn a_body_that_nobody_reads_to_the_end_after_its_last_piece() {
        let whole = Cell::new(None);
        let inner = Full::new(Bytes::from_static(b"all"));
        let mut body = RecordingBody::new(inner, 8, |it| whole.set(Some(it)));
        assert!(body.frame().await.is_some());
        assert!(body.is_end_stream());
        assert_eq!(whole.take().unwrap(), "all");
    }
}
