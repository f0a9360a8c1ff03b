//! `backlot events tail`

use std::time::Duration;

use backlot_server::Clock;
use backlot_store::events::{EventFilter, ListOrder};

use super::print;
use crate::cli::arguments::EventTail;
use crate::cli::configured::Configured;
use crate::cli::runtime;

/// The number of events that are read at once.
const PAGE: u32 = 500;
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Prints events until the reader of the output, or the person, ends it.
pub(super) fn run(arguments: &EventTail) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let mut filter = arguments.selection.filter(Clock::System.now());
    runtime()?.block_on(async {
        let store = configured.open().await?;
        let mut after = 0;
        if filter.since.is_none() {
            let latest = store.list_events(EventFilter::default(), ListOrder::Latest, 1);
            after = latest.await?.first().map_or(0, |it| it.sequence);
        }
        loop {
            filter.after = Some(after);
            let page = store
                .list_events(filter.clone(), ListOrder::Oldest, PAGE)
                .await?;
            for event in &page {
                after = event.sequence;
                print(event, arguments.json)?;
            }
            if page.is_empty() {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        }
    })
}
