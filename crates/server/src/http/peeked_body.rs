//! A body whose beginning may have been read, and is handed on again.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

/// A body, and the frames of it that have been read.
pub(crate) struct PeekedBody<B: Body> {
    first: VecDeque<Result<Frame<Bytes>, B::Error>>,
    /// `None` if `first` is all of it.
    inner: Option<B>,
}

impl<B: Body<Data = Bytes> + Unpin> PeekedBody<B> {
    /// Takes a body of which nothing has been read.
    pub(crate) const fn new(inner: B) -> Self {
        Self {
            first: VecDeque::new(),
            inner: Some(inner),
        }
    }

    /// Returns the whole body, up to `limit` bytes and within `time`. `None` if it is larger, slower, or breaks off; it is
    /// handed on nevertheless.
    pub(crate) async fn peek(&mut self, limit: usize, time: Duration) -> Option<Bytes> {
        timeout(time, self.read(limit)).await.ok()??;
        let mut all = BytesMut::new();
        for frame in self.first.iter().flatten() {
            all.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        }
        Some(all.freeze())
    }

    async fn read(&mut self, limit: usize) -> Option<()> {
        let mut length = 0;
        while let Some(inner) = &mut self.inner {
            let Some(frame) = inner.frame().await else {
                self.inner = None;
                break;
            };
            if let Ok(frame) = &frame {
                length += frame.data_ref().map_or(0, Bytes::len);
            }
            let is_broken = frame.is_err();
            self.first.push_back(frame);
            if is_broken || length > limit {
                return None;
            }
        }
        Some(())
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for PeekedBody<B>
where
    B::Error: Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some(frame) = self.first.pop_front() {
            return Poll::Ready(Some(frame));
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
        let mut hint = SizeHint::with_exact(0);
        if let Some(inner) = &self.inner {
            hint = inner.size_hint();
        }
        let data = self.first.iter().flatten().filter_map(Frame::data_ref);
        let read = data.map(|it| it.len() as u64).sum::<u64>();
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower() + read);
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + read);
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{Full, Limited};

    use super::*;

    const TIME: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn a_body_goes_on_after_it_was_read() {
        let mut body = PeekedBody::new(Full::from("whole"));
        assert_eq!(body.peek(5, TIME).await.unwrap(), "whole");
        assert_eq!(body.size_hint().exact(), Some(5));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "whole");

        let mut large = PeekedBody::new(Full::from("whole"));
        assert_eq!(large.peek(4, TIME).await, None);
        assert_eq!(large.size_hint().exact(), Some(5));
        assert_eq!(large.collect().await.unwrap().to_bytes(), "whole");

        let mut broken = PeekedBody::new(Limited::new(Full::from("whole"), 4));
        assert_eq!(broken.peek(9, TIME).await, None);
        assert!(!broken.is_end_stream());
        assert!(broken.collect().await.is_err());

        let untouched = PeekedBody::new(Full::from("whole"));
        assert_eq!(untouched.size_hint().exact(), Some(5));
        assert_eq!(untouched.collect().await.unwrap().to_bytes(), "whole");
    }
}
