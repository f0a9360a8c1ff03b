//! The timeout for the head of a response.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Progress;

/// Waits for `exchange` until the timeout has elapsed, which starts with the last piece of the request's body: while the
/// client is still sending, the server is not late. `None` if it has elapsed.
pub async fn in_response_time<T>(
    mut exchange: Pin<&mut impl Future<Output = T>>,
    timeout: Duration,
    progress: Option<&Progress>,
) -> Option<T> {
    let begun = Instant::now();
    let mut counted_from = begun;
    loop {
        // A timeout past what a clock shows never elapses.
        let Some(deadline) = counted_from.checked_add(timeout) else {
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
