//! Revalidation of a stale response, and what a 304 changes.

use std::sync::Arc;
use std::time::SystemTime;

use http::header::{
    AGE, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderName, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, SET_COOKIE, TRANSFER_ENCODING,
};
use http::{HeaderMap, request, response};

use super::entry::{CacheEntry, weak};

/// Headers that belong to the cached body, or to one caller.
const NOT_UPDATED: [HeaderName; 6] = [
    AGE,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_RANGE,
    SET_COOKIE,
    TRANSFER_ENCODING,
];

/// A cached response that has to be revalidated.
pub struct Stale {
    pub(super) entry: Arc<CacheEntry>,
    pub(super) conditions: HeaderMap,
}

impl Stale {
    /// Returns the headers of the conditional request, which replace those of the same names.
    pub const fn conditions(&self) -> &HeaderMap {
        &self.conditions
    }
}

impl CacheEntry {
    /// Returns the headers of the conditional request. `None` if the response has no validators.
    pub(super) fn conditions(&self) -> Option<HeaderMap> {
        let mut conditions = HeaderMap::new();
        for (name, condition) in [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)] {
            if let Some(value) = self.headers.get(name) {
                conditions.insert(condition, value.clone());
            }
        }
        (!conditions.is_empty()).then_some(conditions)
    }

    /// Returns the entry as a 304 updates it. `None` if the 304 is about another response, or forbids to cache this
    /// one.
    pub(super) fn renewed(
        &self,
        request: &request::Parts,
        not_modified: &response::Parts,
        is_shared: bool,
        now: SystemTime,
    ) -> Option<Self> {
        let update = &not_modified.headers;
        let tags = (self.headers.get(ETAG), update.get(ETAG));
        if let (Some(own), Some(new)) = tags
            && weak(own.to_str().ok()?) != weak(new.to_str().ok()?)
        {
            return None;
        }
        let mut response = not_modified.clone();
        response.status = self.status;
        response.headers = self.headers.clone();
        for name in update.keys().filter(|name| !NOT_UPDATED.contains(name)) {
            response.headers.remove(name);
            for value in update.get_all(name) {
                response.headers.append(name, value.clone());
            }
        }
        // The age of the 304 itself, if a cache in between has answered.
        if let Some(age) = update.get(AGE) {
            response.headers.insert(AGE, age.clone());
        }
        let mut renewed = Self::new(request, &response, is_shared, now)?;
        renewed.body = self.body.clone();
        Some(renewed)
    }
}
