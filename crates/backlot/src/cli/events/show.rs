//! `backlot events show`

use std::io::Write as _;

use backlot_server::event_views;
use backlot_store::Store;
use backlot_store::events::{DeliveryFilter, Event, EventFilter, ListOrder};
use serde_json::Value;

use crate::cli::arguments::EventShow;
use crate::cli::configured::Configured;
use crate::cli::runtime;
use crate::user_error::user_error;

/// The most deliveries, and events of one id, that are shown.
const MAX_SHOWN: u32 = 100;

pub(super) fn run(arguments: &EventShow) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    runtime()?.block_on(async {
        let store = configured.open().await?;
        let found = find(&store, &arguments.event).await?;
        if found.is_empty() {
            return Err(user_error(format!(
                "there is no event {} in {}\n  hint: `backlot events list` shows numbers and ids",
                arguments.event, configured.database
            )));
        }
        for event in found {
            let filter = DeliveryFilter {
                event_sequence: Some(event.sequence),
                ..DeliveryFilter::default()
            };
            let deliveries = store.list_deliveries(filter, ListOrder::Oldest, MAX_SHOWN);
            let view = event_views::whole_event(&event, &deliveries.await?);
            let view = Value::from(view);
            let mut out = std::io::stdout().lock();
            if arguments.json {
                writeln!(out, "{view}")?;
            } else {
                writeln!(out, "{view:#}")?;
            }
        }
        Ok(())
    })
}

/// Finds the event of a number, or those of an id.
async fn find(store: &Store, text: &str) -> anyhow::Result<Vec<Event>> {
    if let Ok(number) = text.parse() {
        let found = store.find_event(number).await?;
        if found.is_some() {
            return Ok(found.into_iter().collect());
        }
    }
    let filter = EventFilter {
        event_id: Some(text.to_owned()),
        ..EventFilter::default()
    };
    let mut whole = Vec::new();
    for event in store
        .list_events(filter, ListOrder::Oldest, MAX_SHOWN)
        .await?
    {
        whole.extend(store.find_event(event.sequence).await?);
    }
    Ok(whole)
}
