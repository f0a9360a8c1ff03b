//! Reading a request's body before it is sent on, so that it can be sent again, or signed.

use backlot_outbound::body::{CallBody, RequestBody, announced_bytes};
use bytes::Bytes;
use http::HeaderMap;
use http_body::Body as _;
use http_body_util::BodyExt as _;

use crate::error::Refusal;

/// Bodies up to this size are read before the call, so that it can be made again.
const MOST_READ: u64 = 64 * 1024;

/// A small body is read, a large one, or one of unknown length, streams.
pub(super) async fn read_small(
    headers: &HeaderMap,
    body: RequestBody,
) -> Result<CallBody, Refusal> {
    if !body.is_end_stream() && announced_bytes(headers).is_none_or(|bytes| bytes > MOST_READ) {
        return Ok(CallBody::Streaming(body));
    }
    if body.is_end_stream() {
        return Ok(CallBody::Ready(Bytes::new()));
    }
    // On the heap: most calls that are made often have no body.
    Box::pin(read_whole(body)).await.map(CallBody::Ready)
}

/// All of a body, as large as its own limit lets it be.
pub(super) async fn read_whole(body: RequestBody) -> Result<Bytes, Refusal> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    Ok(body.collect().await.map_err(Refusal::from)?.to_bytes())
}
