//! `backlot deliveries list`

use std::io::Write as _;

use backlot_server::Clock;
use backlot_server::event_views;
use backlot_store::events::{Delivery, ListOrder};

use crate::cli::arguments::DeliveryList;
use crate::cli::configured::Configured;
use crate::cli::pages::print_pages;
use crate::cli::printable::printable;
use crate::cli::runtime;

pub(super) fn run(arguments: &DeliveryList) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let mut filter = arguments.selection.filter(Clock::System.now());
    let none = format!("no such deliveries are in {}", configured.database);
    runtime()?.block_on(async {
        let store = configured.open().await?;
        let read = async |last: Option<&Delivery>, limit| {
            filter.before = last.map(|it| it.delivery_id);
            let page = store.list_deliveries(filter.clone(), ListOrder::Latest, limit);
            Ok(page.await?)
        };
        print_pages(arguments.limit, &none, read, |it| print(it, arguments.json)).await
    })
}

fn print(delivery: &Delivery, json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        let view = serde_json::Value::from(event_views::delivery(delivery));
        writeln!(out, "{view}")?;
        return Ok(());
    }
    let next = match (delivery.run_at, &delivery.last_error) {
        (Some(at), Some(error)) => format!("next {at:.0}, last: {error}"),
        (Some(at), None) => format!("next {at:.0}"),
        (None, Some(error)) => error.clone(),
        (None, None) => String::new(),
    };
    writeln!(
        out,
        "{:>8}  {:9}  {:16}  attempts {:2}  event {:>8}  {}  {}",
        delivery.delivery_id,
        delivery.state.as_str().to_ascii_lowercase(),
        printable(&delivery.subscription),
        delivery.attempts,
        delivery.event_sequence,
        printable(&delivery.event_type),
        printable(&next),
    )?;
    Ok(())
}
