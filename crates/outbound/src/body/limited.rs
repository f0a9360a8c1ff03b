//! A limit to the size of a response's body.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::ResponseBodyError;

/// A body with a limit to its bytes. Past it, the body ends with an error, and what was over the limit is dropped.
pub struct LimitedBody<B> {
    inner: B,
    limit: u64,
    /// `None` after an error.
    left: Option<u64>,
}

impl<B: Body> LimitedBody<B> {
    /// Limits a body to `limit` bytes.
    ///
    /// # Errors
    /// If its announced length is larger.
    pub fn new(inner: B, limit: u64) -> Result<Self, ResponseBodyError> {
        if inner.size_hint().lower() > limit {
            return Err(ResponseBodyError::TooLarge(limit));
        }
        Ok(Self {
            inner,
            limit,
            left: Some(limit),
        })
    }
}

impl<B: Body<Data = Bytes, Error = ResponseBodyError> + Unpin> Body for LimitedBody<B> {
    type Data = Bytes;
    type Error = ResponseBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ResponseBodyError>>> {
        let this = &mut *self;
        let Some(left) = this.left else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(&mut this.inner).poll_frame(context));
        let frame = match frame {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                this.left = None;
                return Poll::Ready(Some(Err(error)));
            }
            None => return Poll::Ready(None),
        };
        let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
        this.left = left.checked_sub(bytes);
        Poll::Ready(Some(match this.left {
            Some(_) => Ok(frame),
            None => Err(ResponseBodyError::TooLarge(this.limit)),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_none() || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream::repeat_with;
    use http_body_util::{BodyExt as _, Full, StreamBody};

    use super::*;

    #[tokio::test]
    async fn an_endless_body_ends_at_its_limit() {
        let pieces = repeat_with(|| Ok(Frame::data(Bytes::from_static(b"abcd"))));
        let mut body = LimitedBody::new(StreamBody::new(pieces), 10).ok().unwrap();
        for _ in 0..2 {
            let frame = body.frame().await.unwrap().unwrap();
            assert_eq!(frame.data_ref().unwrap(), "abcd");
        }
        let error = body.frame().await.unwrap().unwrap_err();
        assert!(matches!(error, ResponseBodyError::TooLarge(10)));
        assert!(body.is_end_stream() && body.frame().await.is_none());
    }

    #[tokio::test]
    async fn an_announced_length_is_believed_when_it_is_too_large() {
        let whole = || Full::new(Bytes::from_static(b"0123456789")).map_err(|it| match it {});
        assert!(matches!(
            LimitedBody::new(whole(), 9),
            Err(ResponseBodyError::TooLarge(9))
        ));
        let body = LimitedBody::new(whole(), 10).ok().unwrap();
        assert_eq!(body.collect().await.unwrap().to_bytes(), "0123456789");
    }
}
