//! The body of a third party's response for the caller, counted.

use std::pin::Pin;
use std::task::{Context, Poll};

use backlot_outbound::body::ResponseBodyError;
use backlot_outbound::cache::RecordingBody;
use backlot_outbound::redact::RedactedBody;
use backlot_outbound::third_party::PlainBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::usage_guard::CallMeter;

type UpstreamBody = RedactedBody<PlainBody>;
type Recording = RecordingBody<UpstreamBody, Box<dyn FnOnce(Bytes) + Send>>;

/// Where the body of a response comes from.
pub(super) enum BodySource {
    /// The third party.
    Upstream(UpstreamBody),
    /// The third party. The body is cached when all of it has come.
    Recording(Recording),
    /// The cache.
    Cache(Option<Bytes>),
}

impl BodySource {
    /// Returns how often the credential was found.
    const fn redactions(&self) -> u64 {
        match self {
            Self::Upstream(body) => body.found(),
            Self::Recording(body) => body.inner().found(),
            Self::Cache(_) => 0,
        }
    }
}

/// The body of a response for the caller.
pub(crate) struct ThirdPartyBody {
    source: BodySource,
    meter: CallMeter,
}

impl ThirdPartyBody {
    pub(super) const fn new(source: BodySource, meter: CallMeter) -> Self {
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
            BodySource::Upstream(body) => Pin::new(body).poll_frame(context),
            BodySource::Recording(body) => Pin::new(body).poll_frame(context),
            BodySource::Cache(bytes) => {
                Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes))))
            }
        };
        // Trailers could have any name, so they are dropped.
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
            BodySource::Upstream(body) => body.is_end_stream(),
            BodySource::Recording(body) => body.is_end_stream(),
            BodySource::Cache(bytes) => bytes.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            BodySource::Upstream(body) => body.size_hint(),
            BodySource::Recording(body) => body.size_hint(),
            BodySource::Cache(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
        }
    }
}

impl Drop for ThirdPartyBody {
    fn drop(&mut self) {
        self.meter.redactions += self.source.redactions();
    }
}
