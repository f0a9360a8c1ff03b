//! One kept reply, and which replies are kept at all.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::{
    AGE, CONTENT_LENGTH, ETAG, HeaderName, HeaderValue, IF_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
    LAST_MODIFIED, RANGE, SET_COOKIE,
};
use http::{HeaderMap, Method, StatusCode, request, response};

use super::control::Control;
use super::freshness::Freshness;
use super::vary::Selection;

/// One kept reply.
pub(super) struct Stored {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) freshness: Freshness,
    pub(super) selection: Selection,
}

/// Statuses whose replies are whole and say all about their address.
const CACHEABLE_STATUSES: &[StatusCode] = &[
    StatusCode::OK,
    StatusCode::NON_AUTHORITATIVE_INFORMATION,
    StatusCode::NO_CONTENT,
    StatusCode::MULTIPLE_CHOICES,
    StatusCode::MOVED_PERMANENTLY,
    StatusCode::PERMANENT_REDIRECT,
    StatusCode::NOT_FOUND,
    StatusCode::METHOD_NOT_ALLOWED,
    StatusCode::GONE,
    StatusCode::URI_TOO_LONG,
    StatusCode::NOT_IMPLEMENTED,
];

/// Only the third party can say whether these hold, or which part is meant.
const ITS_OWN: [HeaderName; 4] = [IF_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE];

/// Whether the cache has anything to say to a request.
pub(super) fn concerns(request: &request::Parts) -> bool {
    request.method == Method::GET
        && !ITS_OWN
            .iter()
            .any(|name| request.headers.contains_key(name))
        && !Control::of(&request.headers).no_store
}

impl Stored {
    /// The reply without its body, if it may be kept. `None` if it may not, or if it could never be used.
    pub(super) fn of(
        request: &request::Parts,
        reply: &response::Parts,
        is_shared: bool,
        now: SystemTime,
    ) -> Option<Self> {
        let control = Control::of(&reply.headers);
        let may = concerns(request)
            && CACHEABLE_STATUSES.contains(&reply.status)
            && !control.no_store
            && !(is_shared && control.private)
            // A cookie belongs to one caller.
            && !reply.headers.contains_key(SET_COOKIE);
        if !may {
            return None;
        }
        let freshness = Freshness::of(&reply.headers, is_shared, now);
        let can_be_asked_about =
            reply.headers.contains_key(ETAG) || reply.headers.contains_key(LAST_MODIFIED);
        if !freshness.is_any() && !can_be_asked_about {
            return None;
        }
        let selection = Selection::of(&request.headers, &reply.headers)?;
        let mut headers = reply.headers.clone();
        // Ours is set for each response, and the length of the stored body is known.
        headers.remove(AGE);
        headers.remove(CONTENT_LENGTH);
        Some(Self {
            status: reply.status,
            headers,
            body: Bytes::new(),
            freshness,
            selection,
        })
    }

    /// The bytes that it takes.
    pub(super) fn weight(&self) -> usize {
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            name.as_str().len() + value.len() + size_of::<(HeaderName, HeaderValue)>()
        };
        let headers: usize = self.headers.iter().map(header).sum();
        size_of::<Self>() + self.body.len() + headers + self.selection.weight()
    }
}
