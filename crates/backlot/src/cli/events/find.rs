//! Finding events by number or id.

use backlot_store::Store;
use backlot_store::events::{Event, EventFilter, ListOrder};

use crate::cli::configured::Configured;
use crate::user_error::user_error;

/// The most events of one id. Sources and instances may each have one.
const MAX_OF_ID: u32 = 100;

/// Finds the event of a number, or those of an id, with their content.
///
/// # Errors
///
/// Fails if there is none.
pub(super) async fn find(
    store: &Store,
    configured: &Configured,
    text: &str,
) -> anyhow::Result<Vec<Event>> {
    let mut found = Vec::new();
    if let Ok(number) = text.parse() {
        found.extend(store.find_event(number).await?);
    }
    if found.is_empty() {
        let filter = EventFilter {
            event_id: Some(text.to_owned()),
            ..EventFilter::default()
        };
        let listed = store.list_events(filter, ListOrder::Oldest, MAX_OF_ID);
        for event in listed.await? {
            found.extend(store.find_event(event.sequence).await?);
        }
    }
    if found.is_empty() {
        return Err(user_error(format!(
            "there is no event {text} in {}\n  hint: `backlot events list` shows numbers and ids",
            configured.database
        )));
    }
    Ok(found)
}
