//! `backlot events list`

use std::io::Write as _;

use backlot_server::Clock;
use backlot_store::events::ListOrder;

use super::print;
use crate::cli::arguments::EventList;
use crate::cli::configured::Configured;
use crate::cli::runtime;

/// The number of events that are read at once.
const PAGE: u32 = 500;

pub(super) fn run(arguments: &EventList) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let mut filter = arguments.selection.filter(Clock::System.now());
    let mut left = arguments.limit;
    runtime()?.block_on(async {
        let store = configured.open().await?;
        while left > 0 {
            let limit = left.min(PAGE);
            let page = store
                .list_events(filter.clone(), ListOrder::Latest, limit)
                .await?;
            for event in &page {
                print(event, arguments.json)?;
            }
            left -= limit;
            match page.last() {
                Some(last) if page.len() == limit as usize => filter.before = Some(last.sequence),
                None if filter.before.is_none() => {
                    let database = &configured.database;
                    writeln!(std::io::stderr(), "no such events are in {database}")?;
                    break;
                }
                _ => break,
            }
        }
        Ok(())
    })
}
