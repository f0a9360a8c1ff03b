//! From the third party's reply to the one that is handed back: capped, decoded, without the credential, and
//! kept if it may be.

use std::sync::Arc;

use backlot_outbound::body::{LimitedBody, ReplyLimits, ResponseBodyError, announced_bytes};
use backlot_outbound::cache::WholeBody;
use backlot_outbound::connection::Followed;
use backlot_outbound::decode::{DecodeLimits, DecodedBody, take_encodings};
use backlot_outbound::redact::RedactedBody;
use backlot_outbound::upstream::ResponseStream;
use bytes::Bytes;
use http::{Response, response};

use super::attempt::Prepared;
use super::call::Admitted;
use super::response_body::{Source, ThirdPartyBody};
use super::response_cache::Question;
use super::response_headers;
use crate::error::{ApiError, ErrorCode};

/// How many times as much may come out of an encoding as went into it: what is more is a bomb.
const MAX_RATIO: u64 = 200;

/// Encoded replies up to this size are decoded before their head is handed on, up to that many plain bytes; of
/// larger ones, and those of unknown length, only the beginning is waited for.
const SMALL: u64 = 64 * 1024;
const MAX_WAITED_FOR: usize = 256 * 1024;

impl Admitted<'_> {
    /// The reply as it may be handed back; kept, if a question is to be answered by it again.
    pub(super) async fn hand_back(
        &self,
        reply: Response<ResponseStream>,
        question: Option<Question>,
        prepared: &Prepared,
    ) -> Result<Response<ThirdPartyBody>, ApiError> {
        let announced = announced_bytes(reply.headers());
        let is_small = announced.is_some_and(|bytes| bytes <= SMALL);
        let (mut parts, body) = reply.into_parts();
        let encodings = take_encodings(&mut parts.headers).map_err(|error| {
            ApiError::from(ErrorCode::ConnectionReplyRefused).with_source(error)
        })?;
        let bytes = self.connection.settings.reply_bytes;
        let limits = ReplyLimits { bytes, time: None };
        let body = LimitedBody::new(body, limits).map_err(refused)?;
        let limits = DecodeLimits {
            bytes,
            ratio: MAX_RATIO,
        };
        let mut body = DecodedBody::new(body, &encodings, limits);
        if encodings.is_identity() {
            let begun = body.begin_untouched(announced).await;
            begun.map_err(refused)?;
        } else {
            // Until its bytes arrive, it is not known whether it decodes. On the heap: most replies come plain.
            let wanted = if is_small { MAX_WAITED_FOR } else { 1 };
            let begun = Box::pin(body.begin(wanted)).await;
            begun.map_err(refused)?;
        }
        let body = RedactedBody::new(body, prepared.chosen.needles.clone());
        // The response after a redirect belongs to another call, which callers of this one may not be allowed to make.
        let question = question.filter(|_| parts.extensions.get::<Followed>().is_none());
        let kept = self.connection.kept.as_ref().zip(question);
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
                    let Question {
                        key,
                        asked,
                        parts,
                        now,
                    } = question;
                    cache.keep((key, asked), &parts, &head, bytes, now);
                };
                Source::Keeping(WholeBody::new(body, most, Box::new(keep)))
            }
        };
        Ok(self.respond(parts, source, prepared))
    }

    /// A reply that was kept.
    pub(super) fn remembered(
        &self,
        reply: Response<Bytes>,
        prepared: &Prepared,
    ) -> Response<ThirdPartyBody> {
        let (parts, bytes) = reply.into_parts();
        self.respond(parts, Source::Memory(Some(bytes)), prepared)
    }

    fn respond(
        &self,
        mut head: response::Parts,
        source: Source,
        prepared: &Prepared,
    ) -> Response<ThirdPartyBody> {
        let (settings, needles) = (&self.connection.settings, &prepared.chosen.needles);
        let mut meter = self.meter();
        meter.found = response_headers::apply(settings, head.status, &mut head.headers, needles);
        meter.counts.errors = u64::from(head.status.is_server_error());
        // What hyper has put there speaks of the third party's connection.
        head.extensions = http::Extensions::new();
        Response::from_parts(head, ThirdPartyBody::new(source, meter))
    }
}

fn refused(fault: ResponseBodyError) -> ApiError {
    let code = match &fault {
        ResponseBodyError::BrokenOff(_) => ErrorCode::ConnectionBroken,
        ResponseBodyError::TooSlow | ResponseBodyError::TooLong => ErrorCode::ConnectionTimeout,
        ResponseBodyError::TooLarge(_) | ResponseBodyError::Undecodable(_) => {
            ErrorCode::ConnectionReplyRefused
        }
    };
    ApiError::from(code).with_source(fault)
}
