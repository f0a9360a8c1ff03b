//! The body of a third party's reply on its way back, counted.

use std::pin::Pin;
use std::task::{Context, Poll};

use backlot_outbound::body::{LimitedBody, ResponseBodyError};
use backlot_outbound::cache::WholeBody;
use backlot_outbound::decode::DecodedBody;
use backlot_outbound::redact::RedactedBody;
use backlot_outbound::upstream::ResponseStream;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::usage_guard::Meter;

type Plain = RedactedBody<DecodedBody<LimitedBody<ResponseStream>>>;
type Keeping = WholeBody<Plain, Box<dyn FnOnce(Bytes) + Send>>;

/// Where a reply's body comes from.
pub(super) enum Source {
    /// The third party.
    Plain(Plain),
    /// The third party, and is kept when all of it has come.
    Keeping(Keeping),
    /// What was kept.
    Memory(Option<Bytes>),
}

impl Source {
    /// How often the credential stood in it.
    const fn found(&self) -> u64 {
        match self {
            Self::Plain(body) => body.found(),
            Self::Keeping(body) => body.inner().found(),
            Self::Memory(_) => 0,
        }
    }
}

/// A reply's body on its way back.
pub(crate) struct ThirdPartyBody {
    source: Source,
    meter: Meter,
}

impl ThirdPartyBody {
    pub(super) const fn new(source: Source, meter: Meter) -> Self {
        Self { source, meter }
    }
}

impl Body for ThirdPartyBody {
    type Data = Bytes;
    type Error = ResponseBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ResponseBodyError>>> {
        let this = &mut *self;
        let frame = match &mut this.source {
            Source::Plain(body) => Pin::new(body).poll_frame(context),
            Source::Keeping(body) => Pin::new(body).poll_frame(context),
            Source::Memory(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
        };
        // Trailers could carry any name: they end here.
        if matches!(&frame, Poll::Ready(Some(Ok(frame))) if frame.is_trailers()) {
            return Poll::Ready(None);
        }
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                this.meter.counts.bytes_received += frame.data_ref().map_or(0, Bytes::len) as u64;
            }
            Poll::Ready(Some(Err(_))) => this.meter.counts.errors = 1,
            Poll::Ready(None) | Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Plain(body) => body.is_end_stream(),
            Source::Keeping(body) => body.is_end_stream(),
            Source::Memory(bytes) => bytes.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Plain(body) => body.size_hint(),
            Source::Keeping(body) => body.size_hint(),
            Source::Memory(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
        }
    }
}

impl Drop for ThirdPartyBody {
    fn drop(&mut self) {
        self.meter.found += self.source.found();
    }
}
