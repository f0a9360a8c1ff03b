//! The beginning of a reply's body, before its head is handed on: what is broken from there is no reply.
//!
//! Once a head is on its way, nothing but a closed connection can say that its body is broken; and if the fault is known by
//! then, the head is not even sent.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::timeout;

/// How long the first piece of a body of unknown length is waited for: what came with the head is read by then, and a
/// stream may have its first piece for later.
const FIRST_FRAME_TIMEOUT: Duration = Duration::from_millis(20);

/// Takes the first piece of a body: waits for it if the head `announced` a length, and a moment if it announced none. `None`
/// if it has not come by then, or there is no body.
///
/// # Errors
/// When the body is broken from its beginning.
pub(crate) async fn begin<B: Body<Data = Bytes> + Unpin>(
    body: &mut B,
    announced: Option<u64>,
) -> Result<Option<Frame<Bytes>>, B::Error> {
    if body.is_end_stream() || announced == Some(0) {
        return Ok(None);
    }
    let first = poll_fn(|context| Pin::new(&mut *body).poll_frame(context));
    let first = match announced {
        Some(_) => first.await,
        None => timeout(FIRST_FRAME_TIMEOUT, first)
            .await
            .unwrap_or_default(),
    };
    first.transpose()
}
