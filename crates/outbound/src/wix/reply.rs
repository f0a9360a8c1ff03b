//! A response of Wix, on its way to the caller.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use tokio::time::timeout;

use super::collect::{Collected, collect};
use super::places::TakenPlace;
use crate::body::ResponseBodyError;
use crate::upstream::ResponseStream;

/// A reply as Wix gave it, less its hop-by-hop headers.
pub type WixReply = Response<WixBody>;

/// The body of a reply: what has been read, then what is still coming.
pub struct WixBody {
    first: VecDeque<Bytes>,
    rest: Option<ResponseStream>,
    /// The call's place among those of its subject, until the body is read or dropped.
    place: Option<TakenPlace>,
}

impl WixBody {
    /// All of it is here.
    pub(super) fn ready(bytes: Bytes) -> Self {
        let first = (!bytes.is_empty()).then_some(bytes).into_iter().collect();
        Self {
            first,
            rest: None,
            place: None,
        }
    }

    /// It is still coming.
    pub(super) const fn streaming(first: VecDeque<Bytes>, rest: ResponseStream) -> Self {
        Self {
            first,
            rest: Some(rest),
            place: None,
        }
    }

    /// Keeps a place taken while the body is read.
    pub(super) fn holding(mut self, place: TakenPlace) -> Self {
        self.place = Some(place);
        self
    }

    /// Puts what was read of it back in front.
    pub(super) fn with_first(mut self, mut first: VecDeque<Bytes>) -> Self {
        first.append(&mut self.first);
        self.first = first;
        self
    }

    /// Reads all of it, up to `cap` bytes and for as long as `time`; `None` when it is larger.
    pub async fn bytes(
        self,
        cap: usize,
        time: Duration,
    ) -> Result<Option<Bytes>, ResponseBodyError> {
        match timeout(time, collect(self, cap)).await {
            Ok(Ok(Collected::Whole(bytes))) => Ok(Some(bytes)),
            Ok(Ok(Collected::TooLarge(_))) => Ok(None),
            Ok(Err(fault)) => Err(fault),
            Err(_) => Err(ResponseBodyError::TooSlow),
        }
    }

    fn first_bytes(&self) -> u64 {
        self.first.iter().map(|bytes| bytes.len() as u64).sum()
    }
}

impl Body for WixBody {
    type Data = Bytes;
    type Error = ResponseBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ResponseBodyError>>> {
        if let Some(bytes) = self.first.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match &mut self.rest {
            Some(rest) => Pin::new(rest).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let before = self.first_bytes();
        let Some(rest) = &self.rest else {
            return SizeHint::with_exact(before);
        };
        let hint = rest.size_hint();
        let mut all = SizeHint::new();
        all.set_lower(hint.lower().saturating_add(before));
        if let Some(upper) = hint.upper() {
            all.set_upper(upper.saturating_add(before));
        }
        all
    }
}
