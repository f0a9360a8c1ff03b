//! `backlot events replay`

use std::io::Write as _;

use backlot_server::Clock;
use backlot_server::events::{SubscriptionSettings, deliveries_of};
use backlot_store::Store;
use backlot_store::events::{Event, ListOrder};
use serde_json::json;

use super::find::find;
use crate::cli::arguments::EventReplay;
use crate::cli::configured::Configured;
use crate::cli::progress::Progress;
use crate::cli::runtime;
use crate::config::subscriptions_of;
use crate::user_error::user_error;
use crate::wording::count;

/// The number of events that are replayed at once, so that others have their turn.
const BATCH_SIZE: u32 = 100;

pub(super) fn run(arguments: &EventReplay) -> anyhow::Result<()> {
    let is_by_id = !arguments.events.is_empty();
    if is_by_id != arguments.selection.is_empty() {
        return Err(user_error(
            "name events, or select them with conditions such as --since -2h, but not both",
        ));
    }
    let configured = Configured::read(&arguments.config)?;
    let subscriptions = subscriptions_of(&configured.source)?;
    check(&subscriptions, arguments.subscription.as_deref())?;
    let replayed = runtime()?.block_on(async {
        let store = configured.open().await?;
        let mut replay = Replay {
            store: &store,
            subscriptions: &subscriptions,
            only: arguments.subscription.as_deref(),
            events: 0,
            deliveries: 0,
        };
        if is_by_id {
            for text in &arguments.events {
                replay
                    .deliver(&find(&store, &configured, text).await?)
                    .await?;
            }
        } else {
            replay.select(arguments).await?;
        }
        anyhow::Ok((replay.events, replay.deliveries))
    })?;
    if arguments.json {
        let result = json!({ "events": replayed.0, "deliveries": replayed.1 });
        writeln!(std::io::stdout(), "{result}")?;
    }
    let events = count(replayed.0, "event", "events");
    let deliveries = count(replayed.1, "delivery", "deliveries");
    writeln!(std::io::stderr(), "replayed {events}: {deliveries}")?;
    Ok(())
}

fn check(subscriptions: &[SubscriptionSettings], name: Option<&str>) -> anyhow::Result<()> {
    let names: Vec<&str> = subscriptions.iter().map(|it| &*it.name).collect();
    match name {
        None if names.is_empty() => Err(user_error(
            "the configuration has no subscription\n  hint: add a [[subscription]]",
        )),
        Some(name) if !names.contains(&name) => Err(user_error(format!(
            "there is no subscription {name:?}\n  hint: the configuration has {}",
            if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            }
        ))),
        _ => Ok(()),
    }
}

struct Replay<'replay> {
    store: &'replay Store,
    subscriptions: &'replay [SubscriptionSettings],
    only: Option<&'replay str>,
    events: u64,
    deliveries: u64,
}

impl Replay<'_> {
    /// Replays the events that the conditions select and that are there now, the oldest first.
    async fn select(&mut self, arguments: &EventReplay) -> anyhow::Result<()> {
        let mut progress = Progress::new("events");
        let mut filter = arguments.selection.filter(Clock::System.now());
        filter.after = Some(0);
        loop {
            let page = self
                .store
                .list_events(filter.clone(), ListOrder::Oldest, BATCH_SIZE)
                .await?;
            let Some(last) = page.last() else { break };
            filter.after = Some(last.sequence);
            let mut whole = Vec::new();
            for event in &page {
                whole.extend(self.store.find_event(event.sequence).await?);
            }
            self.deliver(&whole).await?;
            progress.at(format!("{} replayed", self.events));
        }
        Ok(())
    }

    async fn deliver(&mut self, events: &[Event]) -> anyhow::Result<()> {
        let again = |event| deliveries_of(self.subscriptions, event, self.only);
        let deliveries = events.iter().map(again).collect();
        let sequences = events.iter().map(|it| it.sequence).collect();
        let now = Clock::System.now();
        self.deliveries += self.store.replay_events(sequences, deliveries, now).await?;
        self.events += events.len() as u64;
        Ok(())
    }
}
