//! A limit to how much a reply may bring, and how long it may go on.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::ResponseBodyError;

/// What is allowed of a reply's body.
#[derive(Debug, Clone, Copy)]
pub struct ReplyLimits {
    /// The most bytes.
    pub bytes: u64,
    /// The longest time from its head to its end. `None`: as long as it goes on.
    pub time: Option<Duration>,
}

/// A reply's body with limits to what it brings in all. Beyond them it ends in a fault, and what was
/// over them is not handed on.
pub struct LimitedBody<B> {
    inner: B,
    bytes: u64,
    bytes_left: u64,
    deadline: Option<Instant>,
    /// Made when there is something to wait for.
    timer: Option<Pin<Box<Sleep>>>,
    is_over: bool,
}

impl<B: Body> LimitedBody<B> {
    /// Puts limits on `inner`, whose head has just come. A fault at once if it announces to be too
    /// large.
    pub fn new(inner: B, limits: ReplyLimits) -> Result<Self, ResponseBodyError> {
        let bytes = limits.bytes;
        if inner.size_hint().lower() > bytes {
            return Err(ResponseBodyError::TooLarge(bytes));
        }
        Ok(Self {
            inner,
            bytes,
            bytes_left: bytes,
            deadline: limits
                .time
                .and_then(|time| Instant::now().checked_add(time)),
            timer: None,
            is_over: false,
        })
    }

    fn poll_too_long(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        timer.as_mut().poll(context)
    }

    /// Whether a piece is within the limits.
    fn admit(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, ResponseBodyError> {
        // One that never waits is never asked by the timer.
        if self.deadline.is_some_and(|it| it <= Instant::now()) {
            return Err(ResponseBodyError::TooLong);
        }
        let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
        let left = self.bytes_left.checked_sub(bytes);
        self.bytes_left = left.ok_or(ResponseBodyError::TooLarge(self.bytes))?;
        Ok(frame)
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
        if this.is_over {
            return Poll::Ready(None);
        }
        let result = match Pin::new(&mut this.inner).poll_frame(context) {
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Ready(Some(frame)) => frame.and_then(|frame| this.admit(frame)),
            Poll::Pending if this.poll_too_long(context).is_ready() => {
                Err(ResponseBodyError::TooLong)
            }
            Poll::Pending => return Poll::Pending,
        };
        this.is_over = result.is_err();
        Poll::Ready(Some(result))
    }

    fn is_end_stream(&self) -> bool {
        self.is_over || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream::unfold;
    use http_body_util::{BodyExt as _, Full, StreamBody};

    use super::*;

    /// A piece of four bytes after each pause, without end.
    fn endless(pause: Duration) -> impl Body<Data = Bytes, Error = ResponseBodyError> + Unpin {
        StreamBody::new(Box::pin(unfold((), move |()| async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            Some((Ok(Frame::data(Bytes::from_static(b"abcd"))), ()))
        })))
    }

    async fn read(
        inner: impl Body<Data = Bytes, Error = ResponseBodyError> + Unpin,
        limits: ReplyLimits,
    ) -> (usize, ResponseBodyError) {
        let mut body = LimitedBody::new(inner, limits).ok().unwrap();
        let mut bytes = 0;
        loop {
            match body.frame().await.unwrap() {
                Ok(frame) => bytes += frame.data_ref().unwrap().len(),
                Err(fault) => {
                    assert!(body.is_end_stream() && body.frame().await.is_none());
                    return (bytes, fault);
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_endless_reply_ends_at_its_limits() {
        let second = Duration::from_secs(1);
        let limits = ReplyLimits {
            bytes: 10,
            time: Some(second * 5 / 2),
        };
        let (bytes, fault) = read(endless(Duration::ZERO), limits).await;
        assert!(matches!(
            (bytes, fault),
            (8, ResponseBodyError::TooLarge(10))
        ));
        let (bytes, fault) = read(endless(second), limits).await;
        assert!(matches!((bytes, fault), (8, ResponseBodyError::TooLong)));
        let (bytes, fault) = read(endless(second * 3600), limits).await;
        assert!(matches!((bytes, fault), (0, ResponseBodyError::TooLong)));
        let patient = ReplyLimits {
            time: None,
            ..limits
        };
        let (bytes, fault) = read(endless(second * 3600), patient).await;
        assert!(matches!(
            (bytes, fault),
            (8, ResponseBodyError::TooLarge(10))
        ));
    }

    #[tokio::test]
    async fn an_announced_length_is_believed_when_it_is_too_large() {
        let whole = || Full::new(Bytes::from_static(b"0123456789")).map_err(|it| match it {});
        let limits = |bytes| ReplyLimits { bytes, time: None };
        assert!(matches!(
            LimitedBody::new(whole(), limits(9)),
            Err(ResponseBodyError::TooLarge(9))
        ));
        let body = LimitedBody::new(whole(), limits(10)).ok().unwrap();
        assert_eq!(body.collect().await.unwrap().to_bytes(), "0123456789");
    }
}
