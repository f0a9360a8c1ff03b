//! `backlot events show`

use std::io::Write as _;

use backlot_server::event_views;
use backlot_store::events::{DeliveryFilter, ListOrder};
use serde_json::Value;

use super::find::find;
use crate::cli::arguments::EventShow;
use crate::cli::configured::Configured;
use crate::cli::runtime;

/// The most deliveries that are shown.
const MAX_SHOWN: u32 = 100;

pub(super) fn run(arguments: &EventShow) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    runtime()?.block_on(async {
        let store = configured.open().await?;
        for event in find(&store, &configured, &arguments.event).await? {
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
