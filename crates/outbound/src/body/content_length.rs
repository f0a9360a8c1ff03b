//! The length of a body.

use http::HeaderMap;
use http::header::CONTENT_LENGTH;

/// Returns the value of `Content-Length`. `None` for a body of unknown length.
pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
