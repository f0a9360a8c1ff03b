//! `backlot deliveries list`

use std::io::Write as _;

use backlot_server::Clock;
use backlot_server::event_views;
use backlot_store::events::{Delivery, ListOrder};

use crate::cli::arguments::DeliveryList;
use crate::cli::configured::Configured;
use crate::cli::printable::printable;
use crate::cli::runtime;

/// The number of deliveries that are read at once.
const PAGE: u32 = 500;

pub(super) fn run(arguments: &DeliveryList) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let mut filter = arguments.selection.filter(Clock::System.now());
    let mut left = arguments.limit;
    runtime()?.block_on(async {
        let store = configured.open().await?;
        while left > 0 {
            let limit = left.min(PAGE);
            let page = store
                .list_deliveries(filter.clone(), ListOrder::Latest, limit)
                .await?;
            for delivery in &page {
                print(delivery, arguments.json)?;
            }
            left -= limit;
            match page.last() {
                Some(last) if page.len() == limit as usize => {
                    filter.before = Some(last.delivery_id);
                }
                None if filter.before.is_none() => {
                    let database = &configured.database;
                    writeln!(std::io::stderr(), "no such deliveries are in {database}")?;
                    break;
                }
                _ => break,
            }
        }
        Ok(())
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
