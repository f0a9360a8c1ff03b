//! How large a body says that it is.

use http::HeaderMap;
use http::header::CONTENT_LENGTH;

/// The bytes that `Content-Length` announces; `None` for a body of unknown length.
pub fn announced_bytes(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
