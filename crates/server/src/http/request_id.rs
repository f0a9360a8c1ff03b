//! The id of one request: in every response, every log line, and told to the upstream.
//!
//! A UUID of version 7, so ids sort by time. A client's own `x-request-id` is not taken over: it
//! would let a stranger write into the log.

use http::{HeaderName, HeaderValue};
use jiff::Timestamp;

/// The header that carries it, both ways.
pub(crate) static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The same, as Wix calls it.
pub(crate) static X_WIX_REQUEST_ID: HeaderName = HeaderName::from_static("x-wix-request-id");

/// 36 characters of ASCII.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestId([u8; 36]);

impl RequestId {
    /// An id for a request that arrived at `now`, with ten random bytes.
    pub(crate) fn new(now: Timestamp, random: [u8; 10]) -> Self {
        let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid();
        let mut text = [0; 36];
        id.hyphenated().encode_lower(&mut text);
        Self(text)
    }

    /// An id with randomness from this thread's generator. It is no secret; it need not be one.
    pub(crate) fn next(now: Timestamp) -> Self {
        let mut random = [0; 10];
        fastrand::fill(&mut random);
        Self::new(now, random)
    }

    /// Returns the id that a text of 36 characters is.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        text.as_bytes().try_into().ok().map(Self)
    }

    /// The 36 characters.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(crate) fn header_value(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.0).unwrap_or(HeaderValue::from_static(""))
    }
}
