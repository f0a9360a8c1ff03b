//! The body of any response: ready bytes, an upstream's stream, Wix's, a third party's, or a mounted router's.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use backlot_outbound::upstream::ResponseStream;
use backlot_outbound::wix::WixBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::connections::ThirdPartyBody;
use crate::context::RequestContext;
use crate::http::peeked_body::PeekedBody;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The most that is handed over at a time: the connection copies it, and a client may be slow to take it.
const MAX_AT_ONCE: usize = 64 * 1024;

/// The body of a response. When it is dropped, the request is over and its log line is written.
pub struct ResponseBody {
    source: Source,
    request: Option<Box<RequestContext>>,
    /// Until more is sent of a large response.
    wait: Option<Pin<Box<Sleep>>>,
}

enum Source {
    Full(Option<Bytes>),
    Parts(Option<Bytes>, std::vec::IntoIter<Bytes>),
    Upstream(ResponseStream),
    /// On the heap, because it is large and rare.
    Wix(Box<PeekedBody<WixBody>>),
    Mounted(axum::body::Body),
    ThirdParty(Box<PeekedBody<ThirdPartyBody>>),
}

impl ResponseBody {
    /// Bytes that are ready.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Self::from_source(Source::Full(Some(bytes.into())))
    }

    /// Bytes that are ready, in parts that other responses may share.
    pub(crate) fn parts(parts: Vec<Bytes>) -> Self {
        Self::from_source(Source::Parts(None, parts.into_iter()))
    }

    /// Nothing.
    pub const fn empty() -> Self {
        Self::from_source(Source::Full(None))
    }

    pub(crate) const fn upstream(stream: ResponseStream) -> Self {
        Self::from_source(Source::Upstream(stream))
    }

    pub(crate) fn wix(body: PeekedBody<WixBody>) -> Self {
        Self::from_source(Source::Wix(Box::new(body)))
    }

    pub(crate) const fn mounted(body: axum::body::Body) -> Self {
        Self::from_source(Source::Mounted(body))
    }

    pub(crate) fn third_party(body: PeekedBody<ThirdPartyBody>) -> Self {
        Self::from_source(Source::ThirdParty(Box::new(body)))
    }

    const fn from_source(source: Source) -> Self {
        Self {
            source,
            request: None,
            wait: None,
        }
    }

    /// Hands over the record of the request, to be closed when the body is.
    pub(crate) fn closing(mut self, request: Box<RequestContext>) -> Self {
        self.request = Some(request);
        self
    }
}

/// Takes the next piece of ready bytes.
fn next_piece(bytes: &mut Option<Bytes>) -> Option<Bytes> {
    match bytes {
        Some(all) if all.len() > MAX_AT_ONCE => Some(all.split_to(MAX_AT_ONCE)),
        bytes => bytes.take(),
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Some(wait) = &mut this.wait {
            ready!(wait.as_mut().poll(context));
            this.wait = None;
        }
        let frame = match &mut this.source {
            Source::Full(bytes) => {
                Poll::Ready(next_piece(bytes).map(|piece| Ok(Frame::data(piece))))
            }
            Source::Parts(part, rest) => {
                if part.is_none() {
                    *part = rest.next();
                }
                Poll::Ready(next_piece(part).map(|piece| Ok(Frame::data(piece))))
            }
            Source::Upstream(stream) => Pin::new(stream)
                .poll_frame(context)
                .map(|frame| frame.map(|result| result.map_err(BoxError::from))),
            Source::Wix(body) => Pin::new(&mut **body)
                .poll_frame(context)
                .map(|frame| frame.map(|result| result.map_err(BoxError::from))),
            Source::Mounted(body) => Pin::new(body)
                .poll_frame(context)
                .map(|frame| frame.map(|result| result.map_err(BoxError::from))),
            Source::ThirdParty(body) => Pin::new(&mut **body)
                .poll_frame(context)
                .map(|frame| frame.map(|result| result.map_err(BoxError::from))),
        };
        if let Some(request) = &mut this.request {
            match &frame {
                Poll::Ready(Some(Ok(frame))) => {
                    let wait = request.count_response_bytes(frame.data_ref().map_or(0, Bytes::len));
                    this.wait = wait.map(|time| Box::pin(sleep(time)));
                }
                Poll::Ready(Some(Err(error))) => request.response_broke_off(error.as_ref()),
                Poll::Ready(None) => request.response_ended(),
                Poll::Pending => {}
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Full(bytes) => bytes.is_none(),
            Source::Parts(part, rest) => part.is_none() && rest.as_slice().is_empty(),
            Source::Upstream(stream) => stream.is_end_stream(),
            Source::Wix(body) => body.is_end_stream(),
            Source::Mounted(body) => body.is_end_stream(),
            Source::ThirdParty(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Full(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64)
            }
            Source::Parts(part, rest) => {
                let parts = part.iter().chain(rest.as_slice());
                SizeHint::with_exact(parts.map(|part| part.len() as u64).sum())
            }
            Source::Upstream(stream) => stream.size_hint(),
            Source::Wix(body) => body.size_hint(),
            Source::Mounted(body) => body.size_hint(),
            Source::ThirdParty(body) => body.size_hint(),
        }
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        let at_its_end = self.is_end_stream();
        if let Some(request) = &mut self.request {
            request.response_dropped(at_its_end);
        }
    }
}
