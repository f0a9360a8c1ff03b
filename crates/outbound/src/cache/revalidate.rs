//! Asking whether a kept reply still holds, and what a 304 changes of it.

use std::time::SystemTime;

use http::header::{
    AGE, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderName, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, SET_COOKIE, TRANSFER_ENCODING,
};
use http::{HeaderMap, request, response};

use super::answer::weak;
use super::stored::Stored;

/// Headers that belong to the stored body, or to a single connection.
const NOT_RENEWED: [HeaderName; 6] = [
    AGE,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_RANGE,
    SET_COOKIE,
    TRANSFER_ENCODING,
];

impl Stored {
    /// The headers that ask whether it still holds. `None` if it has nothing to ask by.
    pub(super) fn conditions(&self) -> Option<HeaderMap> {
        let mut conditions = HeaderMap::new();
        for (name, condition) in [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)] {
            if let Some(value) = self.headers.get(name) {
                conditions.insert(condition, value.clone());
            }
        }
        (!conditions.is_empty()).then_some(conditions)
    }

    /// Returns the stored response, updated by a 304. `None` if the 304 is about another one, or says that this
    /// one is not to be kept any more.
    pub(super) fn renewed(
        &self,
        request: &request::Parts,
        not_modified: &response::Parts,
        is_shared: bool,
        now: SystemTime,
    ) -> Option<Self> {
        let news = &not_modified.headers;
        let tags = (self.headers.get(ETAG), news.get(ETAG));
        if let (Some(own), Some(new)) = tags
            && weak(own.to_str().ok()?) != weak(new.to_str().ok()?)
        {
            return None;
        }
        let mut reply = not_modified.clone();
        reply.status = self.status;
        reply.headers = self.headers.clone();
        for name in news.keys().filter(|name| !NOT_RENEWED.contains(name)) {
            reply.headers.remove(name);
            for value in news.get_all(name) {
                reply.headers.append(name, value.clone());
            }
        }
        // Set by caches in between for this response.
        if let Some(age) = news.get(AGE) {
            reply.headers.insert(AGE, age.clone());
        }
        let mut renewed = Self::of(request, &reply, is_shared, now)?;
        renewed.body = self.body.clone();
        Some(renewed)
    }
}
