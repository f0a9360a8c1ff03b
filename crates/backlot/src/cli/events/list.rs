//! `backlot events list`

use backlot_server::Clock;
use backlot_store::events::{Event, ListOrder};

use super::print;
use crate::cli::arguments::EventList;
use crate::cli::configured::Configured;
use crate::cli::pages::print_pages;
use crate::cli::runtime;

pub(super) fn run(arguments: &EventList) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let mut filter = arguments.selection.filter(Clock::System.now());
    let none = format!("no such events are in {}", configured.database);
    runtime()?.block_on(async {
        let store = configured.open().await?;
        let read = async |last: Option<&Event>, limit| {
            filter.before = last.map(|it| it.sequence);
            let page = store.list_events(filter.clone(), ListOrder::Latest, limit);
            Ok(page.await?)
        };
        print_pages(arguments.limit, &none, read, |event| {
            print(event, arguments.json)
        })
        .await
    })
}
