//! A cached response, and which responses can be cached.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::{
    AGE, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_MATCH,
    IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE, SET_COOKIE,
};
use http::{HeaderMap, Method, Response, StatusCode, request, response};

use super::cache_control::CacheControl;
use super::freshness::Freshness;
use super::vary::VariantKey;

/// A cached response.
pub(super) struct CacheEntry {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) freshness: Freshness,
    pub(super) variant: VariantKey,
}

/// Statuses that are cacheable by default (RFC 9110, section 15.1), without partial content.
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

/// Conditions that only the third party can evaluate, and ranges.
const NOT_CACHED: [HeaderName; 4] = [IF_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE];

/// Returns whether the cache may answer a request.
pub(super) fn is_cacheable_request(request: &request::Parts) -> bool {
    request.method == Method::GET
        && !NOT_CACHED
            .iter()
            .any(|name| request.headers.contains_key(name))
        && !CacheControl::from_headers(&request.headers).no_store
}

impl CacheEntry {
    /// Returns the entry of a response, without its body. `None` if it may not be cached, or would never be used.
    pub(super) fn new(
        request: &request::Parts,
        response: &response::Parts,
        is_shared: bool,
        now: SystemTime,
    ) -> Option<Self> {
        let control = CacheControl::from_headers(&response.headers);
        let is_storable = is_cacheable_request(request)
            && CACHEABLE_STATUSES.contains(&response.status)
            && !control.no_store
            && !(is_shared && control.private)
            // A cookie is for one caller.
            && !response.headers.contains_key(SET_COOKIE);
        if !is_storable {
            return None;
        }
        let freshness = Freshness::new(&response.headers, is_shared, now);
        let has_validator =
            response.headers.contains_key(ETAG) || response.headers.contains_key(LAST_MODIFIED);
        if !freshness.was_fresh() && !has_validator {
            return None;
        }
        let variant = VariantKey::new(&request.headers, &response.headers)?;
        let mut headers = response.headers.clone();
        // Both are added to each response.
        headers.remove(AGE);
        headers.remove(CONTENT_LENGTH);
        Some(Self {
            status: response.status,
            headers,
            body: Bytes::new(),
            freshness,
            variant,
        })
    }

    /// Returns the bytes that the entry takes.
    pub(super) fn weight(&self) -> usize {
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            name.as_str().len() + value.len() + size_of::<(HeaderName, HeaderValue)>()
        };
        let headers: usize = self.headers.iter().map(header).sum();
        size_of::<Self>() + self.body.len() + headers + self.variant.weight()
    }

    /// Returns the response to a request with `headers`: the entry, or 304 if the caller has it.
    pub(super) fn response(&self, headers: &HeaderMap, now: SystemTime) -> Response<Bytes> {
        let is_known = self.status == StatusCode::OK && self.matches_etag(headers);
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        let age = self.freshness.age(now).as_secs();
        response.headers_mut().insert(AGE, age.into());
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response.headers_mut().remove(CONTENT_TYPE);
            response.headers_mut().remove(CONTENT_ENCODING);
            return response;
        }
        if self.status != StatusCode::NO_CONTENT {
            let length = self.body.len().into();
            response.headers_mut().insert(CONTENT_LENGTH, length);
        }
        *response.body_mut() = self.body.clone();
        response
    }

    fn matches_etag(&self, headers: &HeaderMap) -> bool {
        let Some(own) = self.headers.get(ETAG).and_then(|it| it.to_str().ok()) else {
            return false;
        };
        let known = headers.get_all(IF_NONE_MATCH).iter();
        known
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|it| it == "*" || weak(it) == weak(own.trim()))
    }
}

/// Returns an entity tag as it is compared weakly.
pub(super) fn weak(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}
