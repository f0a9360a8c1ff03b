//! Gathering a body on its way through.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// A body that passes untouched, and is handed over as a whole once it has ended well. One that is too
/// large, breaks off or is dropped halfway is not.
pub struct WholeBody<B, F> {
    inner: B,
    gathered: Option<(Vec<u8>, F)>,
    most: usize,
}

impl<B, F: FnOnce(Bytes)> WholeBody<B, F> {
    /// Gathers up to `most` bytes of `inner` for `take`.
    pub const fn new(inner: B, most: usize, take: F) -> Self {
        Self {
            inner,
            gathered: Some((Vec::new(), take)),
            most,
        }
    }

    /// The body that passes.
    pub const fn inner(&self) -> &B {
        &self.inner
    }

    /// Copies it: a piece may be a small part of a large buffer.
    fn gather(&mut self, piece: &[u8]) {
        if let Some((whole, _)) = &mut self.gathered {
            if piece.len() <= self.most - whole.len() {
                whole.extend_from_slice(piece);
            } else {
                self.gathered = None;
            }
        }
    }

    fn hand_over(&mut self) {
        if let Some((mut whole, take)) = self.gathered.take() {
            whole.shrink_to_fit();
            take(whole.into());
        }
    }
}

impl<B, F> Body for WholeBody<B, F>
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
            None => this.hand_over(),
            Some(Err(_)) => this.gathered = None,
            Some(Ok(frame)) => match frame.data_ref() {
                Some(piece) => {
                    this.gather(piece);
                    // The body is not polled after that.
                    if this.inner.is_end_stream() {
                        this.hand_over();
                    }
                }
                // What comes after it would be lost.
                None => this.gathered = None,
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

    async fn gathered(pieces: &[Result<&'static str, ()>], most: usize) -> Option<Bytes> {
        let whole = Cell::new(None);
        let frames = pieces.iter().map(|it| it.map(|it| Frame::data(it.into())));
        let inner = StreamBody::new(iter(frames));
        let body = WholeBody::new(inner, most, |it| whole.set(Some(it)));
        let _ = body.collect().await;
        whole.take()
    }

    #[tokio::test]
    async fn only_what_is_whole_is_handed_over() {
        let whole = gathered(&[Ok("one, "), Ok("two")], 8).await;
        assert_eq!(whole.unwrap(), "one, two");
        assert_eq!(gathered(&[], 8).await.unwrap(), "");
        assert_eq!(gathered(&[Ok("one, "), Ok("three")], 8).await, None);
        assert_eq!(gathered(&[Ok("one"), Err(())], 8).await, None);
    }

    #[tokio::test]
    async fn a_body_that_nobody_reads_to_the_end_after_its_last_piece() {
        let whole = Cell::new(None);
        let inner = Full::new(Bytes::from_static(b"all"));
        let mut body = WholeBody::new(inner, 8, |it| whole.set(Some(it)));
        assert!(body.frame().await.is_some());
        assert!(body.is_end_stream());
        assert_eq!(whole.take().unwrap(), "all");
    }
}
