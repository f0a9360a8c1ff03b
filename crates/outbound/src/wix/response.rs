//! The body of a response of Wix.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::body::ResponseBodyError;
use crate::decode::BegunBody;
use crate::resilience::ConcurrencyPermit;
use crate::upstream::ResponseStream;

/// The body of a response: what has been read, then the stream.
pub struct WixBody {
    body: BegunBody<ResponseStream>,
    /// Held until the body has ended or is dropped.
    permit: Option<ConcurrencyPermit>,
}

/// A collected body.
pub(super) enum Collected {
    Whole(Bytes),
    /// A body over the limit, with what has been read of it.
    TooLarge(WixBody),
}

impl WixBody {
    pub(super) fn ready(bytes: Bytes) -> Self {
        Self::streaming(BegunBody {
            first: (!bytes.is_empty())
                .then(|| Frame::data(bytes))
                .into_iter()
                .collect(),
            inner: None,
        })
    }

    pub(super) const fn streaming(body: BegunBody<ResponseStream>) -> Self {
        Self { body, permit: None }
    }

    /// Holds a permit while the body is read.
    pub(super) fn holding(mut self, permit: ConcurrencyPermit) -> Self {
        self.permit = Some(permit);
        self
    }

    /// Collects the body, up to `limit` bytes.
    pub(super) async fn collect_up_to(
        mut self,
        limit: usize,
    ) -> Result<Collected, ResponseBodyError> {
        let mut pieces: Vec<Bytes> = Vec::new();
        let mut length = 0;
        while let Some(frame) = self.frame().await {
            let Ok(bytes) = frame?.into_data() else {
                continue;
            };
            length += bytes.len();
            pieces.push(bytes);
            if length > limit {
                let first = &mut self.body.first;
                for piece in pieces.into_iter().rev() {
                    first.push_front(Frame::data(piece));
                }
                return Ok(Collected::TooLarge(self));
            }
        }
        if pieces.len() <= 1 {
            return Ok(Collected::Whole(pieces.pop().unwrap_or_default()));
        }
        let mut all = BytesMut::with_capacity(length);
        for piece in pieces {
            all.extend_from_slice(&piece);
        }
        Ok(Collected::Whole(all.freeze()))
    }

    /// Collects the body, up to `limit` bytes and within `time`. `None` if it is larger.
    ///
    /// # Errors
    /// If the body breaks off or does not end in time.
    pub async fn bytes(
        self,
        limit: usize,
        time: Duration,
    ) -> Result<Option<Bytes>, ResponseBodyError> {
        let collected = timeout(time, self.collect_up_to(limit)).await;
        Ok(match collected.map_err(|_| ResponseBodyError::TooSlow)?? {
            Collected::Whole(bytes) => Some(bytes),
            Collected::TooLarge(_) => None,
        })
    }
}

impl Body for WixBody {
    type Data = Bytes;
    type Error = ResponseBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ResponseBodyError>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
