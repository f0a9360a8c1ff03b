//! The body of a third party's reply: capped, decoded, and looked through for the credential.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use backlot_outbound::body::{LimitedBody, ReplyFault, ReplyLimits, ReplyStream};
use backlot_outbound::cache::WholeBody;
use backlot_outbound::decode::{DecodeLimits, DecodedBody, decode_reply};
use backlot_outbound::redact::{Found, Needles, RedactedBody};
use bytes::Bytes;
use http::{Response, response};
use http_body::{Body, Frame, SizeHint};

use super::kept_replies::Question;
use super::usage::{Counts, Key as UsageKey};
use super::{Connection, Connections, reply_rules};
use crate::error::{Code, Refusal};

/// How many times as much may come out of an encoding as went into it: what is more is a bomb.
const MOST_RATIO: u64 = 200;

/// Counts a call's bytes and time, and writes them into the book at its end.
pub(super) struct Meter {
    pub(super) connections: Arc<Connections>,
    pub(super) connection: Arc<Connection>,
    pub(super) key: UsageKey,
    pub(super) started: Instant,
    pub(super) counts: Counts,
    /// The credential, in its spellings.
    pub(super) needles: Needles,
    /// How often it stood in the reply.
    pub(super) found: u64,
}

impl Drop for Meter {
    fn drop(&mut self) {
        let milliseconds = self.started.elapsed().as_millis();
        self.counts.milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
        if self.found > 0 {
            let name = &self.connection.settings.name;
            let instance_id = self.key.0;
            tracing::warn!(connection = %name, %instance_id, found = self.found, "a reply held the credential; it was made unreadable");
        }
        self.connections.usage.add(&self.key, self.counts);
    }
}

type Plain = RedactedBody<DecodedBody<LimitedBody<ReplyStream>>>;
type Keeping = WholeBody<Plain, Box<dyn FnOnce(Bytes) + Send>>;

/// Where a reply's body comes from.
enum Source {
    /// The third party.
    Plain(Plain),
    /// The third party, and is kept when all of it has come.
    Keeping(Keeping),
    /// What was kept.
    Memory(Option<Bytes>),
}

/// A reply's body on its way back.
pub(crate) struct ThirdPartyBody {
    source: Source,
    /// How often the credential stood in it.
    found: Option<Found>,
    meter: Meter,
}

impl ThirdPartyBody {
    /// The reply as it may be handed back; kept, if a question is to be answered by it again.
    pub(super) fn reply(
        reply: Response<ReplyStream>,
        question: Option<Question>,
        mut meter: Meter,
    ) -> Result<Response<Self>, Refusal> {
        let connection = Arc::clone(&meter.connection);
        let bytes = connection.settings.reply_bytes;
        let refused = |cause: String| Refusal::from(Code::ConnectionReplyRefused).because(cause);
        let (parts, body) = reply.into_parts();
        meter.counts.errors = u64::from(parts.status.is_server_error());
        let limits = ReplyLimits { bytes, time: None };
        let body = LimitedBody::new(body, limits).map_err(|fault| refused(fault.to_string()))?;
        let limits = DecodeLimits {
            bytes,
            ratio: MOST_RATIO,
        };
        let decoded = decode_reply(Response::from_parts(parts, body), limits);
        let decoded = decoded.map_err(|_| refused("it is encoded in an unknown way".to_owned()))?;
        let (parts, body) = decoded.into_parts();
        let body = RedactedBody::new(body, meter.needles.clone());
        let found = Some(body.found());
        let kept = connection.kept.as_ref().zip(question);
        let kept = kept.filter(|(kept, question)| {
            let (key, asked) = (&question.key, &question.parts);
            kept.cache.would_keep(key, asked, &parts, question.now)
        });
        let source = match kept {
            None => Source::Plain(body),
            Some((kept, question)) => {
                let (cache, head) = (Arc::clone(&kept.cache), parts.clone());
                let most = cache.reply_bytes();
                let keep = move |bytes| {
                    let Question { key, parts, now } = question;
                    cache.keep(key, &parts, &head, bytes, now);
                };
                Source::Keeping(WholeBody::new(body, most, Box::new(keep)))
            }
        };
        Ok(Self::respond(&parts, source, found, meter))
    }

    /// A reply that was kept.
    pub(super) fn from_memory(reply: Response<Bytes>, meter: Meter) -> Response<Self> {
        let (parts, bytes) = reply.into_parts();
        Self::respond(&parts, Source::Memory(Some(bytes)), None, meter)
    }

    fn respond(
        parts: &response::Parts,
        source: Source,
        found: Option<Found>,
        mut meter: Meter,
    ) -> Response<Self> {
        let settings = &meter.connection.settings;
        let (headers, found_there) = reply_rules::headers(settings, &parts.headers, &meter.needles);
        meter.found += found_there;
        let mut response = Response::new(Self {
            source,
            found,
            meter,
        });
        *response.status_mut() = parts.status;
        *response.headers_mut() = headers;
        response
    }
}

impl Body for ThirdPartyBody {
    type Data = Bytes;
    type Error = ReplyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReplyFault>>> {
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
        self.meter.found += self.found.as_ref().map_or(0, Found::count);
    }
}
