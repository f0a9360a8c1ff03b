//! How long the head of a reply is waited for.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Progress;

/// Waits for `exchange` until `patience` is over. While the client is still sending, the server is not to blame
/// for the time: it counts once, from the last piece of the request's body on. `None` when it is over.
pub async fn in_reply_time<T>(
    mut exchange: Pin<&mut impl Future<Output = T>>,
    patience: Duration,
    progress: Option<&Progress>,
) -> Option<T> {
    let begun = Instant::now();
    let mut counted_from = begun;
    loop {
        // A patience past what a clock shows lasts for ever.
        let Some(deadline) = counted_from.checked_add(patience) else {
            return Some(exchange.await);
        };
        if let Ok(outcome) = timeout_at(deadline, exchange.as_mut()).await {
            return Some(outcome);
        }
        let last_piece = progress.map_or(begun, Progress::last_piece).max(begun);
        if last_piece <= counted_from {
            return None;
        }
        counted_from = last_piece;
    }
}
