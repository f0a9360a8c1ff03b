//! A kept reply as the answer to a request.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::{
    AGE, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH,
};
use http::{HeaderMap, Response, StatusCode};

use super::stored::Stored;

impl Stored {
    /// The reply to a request with `headers`: itself, or a 304 if the client has it already.
    pub(super) fn answer(&self, headers: &HeaderMap, now: SystemTime) -> Response<Bytes> {
        let is_known = self.status == StatusCode::OK && self.is_known_to(headers);
        let mut reply = Response::new(if is_known {
            Bytes::new()
        } else {
            self.body.clone()
        });
        *reply.status_mut() = self.status;
        *reply.headers_mut() = self.headers.clone();
        let age = self.freshness.age(now).as_secs();
        reply.headers_mut().insert(AGE, age.into());
        if is_known {
            *reply.status_mut() = StatusCode::NOT_MODIFIED;
            reply.headers_mut().remove(CONTENT_TYPE);
            reply.headers_mut().remove(CONTENT_ENCODING);
        } else if self.status != StatusCode::NO_CONTENT {
            reply
                .headers_mut()
                .insert(CONTENT_LENGTH, self.body.len().into());
        }
        reply
    }

    fn is_known_to(&self, headers: &HeaderMap) -> bool {
        let Some(own) = self.headers.get(ETAG).and_then(tag) else {
            return false;
        };
        let known = headers.get_all(IF_NONE_MATCH).iter();
        known
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|it| it == "*" || weak(it) == own)
    }
}

/// A tag as it is compared where weak ones count as well.
fn tag(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok().map(|it| weak(it.trim()))
}

pub(super) fn weak(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}
