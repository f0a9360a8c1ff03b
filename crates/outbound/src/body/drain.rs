//! Draining the body of a request that is not read to its end.
//!
//! A response that is sent before the request's body has come (an error, an upstream that is down) is lost if the
//! connection is closed with bytes unread: the client's system then discards what it has received. So the remaining body
//! is read, for a while and up to a size, while the response is sent (RFC 9112, section 9.6).

use std::time::Duration;

use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_DRAINED_BYTES: usize = 64 * 1024 * 1024;

/// Reads the remaining body in a task.
pub(super) fn drain(body: Incoming) {
    if body.is_end_stream() {
        return;
    }
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(tokio::time::timeout(DRAIN_TIMEOUT, read(body)));
    }
}

async fn read(mut body: Incoming) {
    let mut bytes = 0;
    while bytes < MAX_DRAINED_BYTES {
        match body.frame().await {
            Some(Ok(frame)) => bytes += frame.data_ref().map_or(0, bytes::Bytes::len),
            Some(Err(_)) | None => return,
        }
    }
}
