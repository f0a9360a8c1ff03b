//! From the third party's response to the one for the caller: capped, decoded, redacted, and cached if allowed.

use std::sync::Arc;

use backlot_outbound::body::{ResponseBodyError, content_length};
use backlot_outbound::cache::RecordingBody;
use backlot_outbound::redact::RedactedBody;
use backlot_outbound::third_party::{Followed, decode_response};
use backlot_outbound::upstream::ResponseStream;
use bytes::Bytes;
use http::{Response, response};

use super::attempt::OutgoingCall;
use super::call::AdmittedCall;
use super::response_body::{BodySource, ThirdPartyBody};
use super::response_cache::CacheLookup;
use super::response_headers;
use crate::error::{ApiError, ErrorCode};

/// The most bytes of an encoded response that is decoded before its head is sent, up to [`MAX_BUFFERED`] decoded bytes.
/// Of larger ones, and those of unknown length, only the first piece is.
const SMALL: u64 = 64 * 1024;
const MAX_BUFFERED: usize = 256 * 1024;

impl AdmittedCall<'_> {
    /// Returns the response for the caller. With `lookup`, it is cached if that is allowed.
    pub(super) async fn build_response(
        &self,
        response: Response<ResponseStream>,
        lookup: Option<CacheLookup>,
        call: &OutgoingCall,
    ) -> Result<Response<ThirdPartyBody>, ApiError> {
        let length = content_length(response.headers());
        let limit = self.connection.settings.reply_limit;
        let response = decode_response(response, limit).map_err(refused)?;
        let (parts, mut body) = response.into_parts();
        let begun = if body.is_encoded() {
            // Whether it decodes is known once its bytes have come. On the heap: most responses are not encoded.
            let is_small = length.is_some_and(|bytes| bytes <= SMALL);
            let needed = if is_small { MAX_BUFFERED } else { 1 };
            Box::pin(body.begin(needed)).await
        } else {
            body.begin_untouched(length).await
        };
        begun.map_err(refused)?;
        let body = RedactedBody::new(body, call.credential.secret_patterns.clone());
        // A redirect led to the response of another request, which not all callers of this one may make.
        let lookup = lookup.filter(|_| parts.extensions.get::<Followed>().is_none());
        let cached = self.connection.cache.as_ref().zip(lookup);
        let cached = cached.filter(|(cache, lookup)| {
            let CacheLookup {
                key,
                parts: request,
                now,
                ..
            } = lookup;
            cache.responses.is_storable(key, request, &parts, *now)
        });
        let source = match cached {
            None => BodySource::Upstream(body),
            Some((cache, lookup)) => {
                let (responses, head) = (Arc::clone(&cache.responses), parts.clone());
                let limit = responses.response_bytes();
                let store = move |bytes| {
                    let key = (lookup.key, lookup.epoch);
                    responses.insert(key, &lookup.parts, &head, bytes, lookup.now);
                };
                BodySource::Recording(RecordingBody::new(body, limit, Box::new(store)))
            }
        };
        Ok(self.respond(parts, source, call))
    }

    /// Returns a cached response for the caller.
    pub(super) fn cached(
        &self,
        response: Response<Bytes>,
        call: &OutgoingCall,
    ) -> Response<ThirdPartyBody> {
        let (parts, bytes) = response.into_parts();
        self.respond(parts, BodySource::Cache(Some(bytes)), call)
    }

    fn respond(
        &self,
        mut head: response::Parts,
        source: BodySource,
        call: &OutgoingCall,
    ) -> Response<ThirdPartyBody> {
        let settings = &self.connection.settings;
        let patterns = &call.credential.secret_patterns;
        let mut meter = self.meter();
        meter.redactions =
            response_headers::apply(settings, head.status, &mut head.headers, patterns);
        meter.counts.errors = u64::from(head.status.is_server_error());
        // hyper's extensions are about the third party's connection.
        head.extensions = http::Extensions::new();
        Response::from_parts(head, ThirdPartyBody::new(source, meter))
    }
}

fn refused(error: ResponseBodyError) -> ApiError {
    let code = match &error {
        ResponseBodyError::BrokenOff(_) => ErrorCode::ConnectionBroken,
        ResponseBodyError::TooSlow => ErrorCode::ConnectionTimeout,
        ResponseBodyError::TooLarge(_)
        | ResponseBodyError::Undecodable(_)
        | ResponseBodyError::UnknownEncoding(_) => ErrorCode::ConnectionResponseRefused,
    };
    ApiError::from(code).with_source(error)
}
