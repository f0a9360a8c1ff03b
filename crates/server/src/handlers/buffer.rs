//! Reading a request's body before it is sent on, so that it can be sent again, or signed.

use backlot_outbound::body::{CallBody, RequestBody, content_length};
use backlot_wix::InstanceId;
use bytes::Bytes;
use http::HeaderMap;
use http_body::Body as _;

use crate::buffers::{BufferBudget, CollectError};

/// Bodies up to this size are read before the call, so that it can be made again.
const MAX_READ: u64 = 64 * 1024;

/// A small body is read, a large one, or one of unknown length, streams.
pub(crate) async fn read_small(
    buffers: &BufferBudget,
    instance_id: InstanceId,
    headers: &HeaderMap,
    mut body: RequestBody,
) -> Result<CallBody, CollectError> {
    if !body.is_end_stream() && content_length(headers).is_none_or(|bytes| bytes > MAX_READ) {
        return Ok(CallBody::Streaming(body));
    }
    if body.is_end_stream() {
        return Ok(CallBody::Ready(Bytes::new()));
    }
    // On the heap: most calls that are made often have no body.
    let whole = Box::pin(buffers.collect(instance_id, &mut body)).await;
    whole.map(CallBody::Ready)
}
