//! Where events go once they are known to come from their source.

use std::pin::Pin;

use backlot_store::events::NewEvent;

use crate::error::ApiError;

/// The end of an acceptance: events that are stored, or a refusal.
pub(crate) type Acceptance<'events> =
    Pin<Box<dyn Future<Output = Result<(), ApiError>> + Send + 'events>>;

/// Stores events with their deliveries.
pub(crate) trait AcceptEvents: Send + Sync {
    /// Stores events, all of them or none. They are durable once this returns.
    fn accept(&self, events: Vec<NewEvent>) -> Acceptance<'_>;
}

impl<F, R> AcceptEvents for F
where
    F: Fn(Vec<NewEvent>) -> R + Send + Sync,
    R: Future<Output = Result<(), ApiError>> + Send + 'static,
{
    fn accept(&self, events: Vec<NewEvent>) -> Acceptance<'_> {
        Box::pin(self(events))
    }
}
