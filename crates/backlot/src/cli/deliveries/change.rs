//! `backlot deliveries retry` and `backlot deliveries skip`

use std::io::Write as _;

use backlot_server::Clock;
use backlot_store::events::{DeliveryFilter, DeliveryState, ListOrder};
use backlot_store::{Store, StoreError};
use jiff::Timestamp;
use serde_json::json;

use crate::cli::arguments::DeliveryChange;
use crate::cli::configured::Configured;
use crate::cli::confirm::confirm;
use crate::cli::progress::Progress;
use crate::cli::runtime;
use crate::user_error::user_error;
use crate::wording::count;

/// The number of deliveries that are changed at once, so that others have their turn.
const BATCH_SIZE: u32 = 200;

/// What is done to deliveries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Retry,
    Skip,
}

impl Change {
    const fn past(self) -> &'static str {
        match self {
            Self::Retry => "retried",
            Self::Skip => "skipped",
        }
    }

    /// The states of deliveries that it can change.
    const fn states(self) -> &'static [DeliveryState] {
        match self {
            Self::Retry => &[
                DeliveryState::Waiting,
                DeliveryState::Dead,
                DeliveryState::Skipped,
            ],
            Self::Skip => &[DeliveryState::Waiting, DeliveryState::Dead],
        }
    }

    async fn apply(self, store: &Store, ids: Vec<i64>, now: Timestamp) -> Result<u64, StoreError> {
        match self {
            Self::Retry => store.retry_deliveries(ids, now).await,
            Self::Skip => store.skip_deliveries(ids, now).await,
        }
    }
}

pub(super) fn retry(arguments: &DeliveryChange) -> anyhow::Result<()> {
    run(arguments, Change::Retry)
}

pub(super) fn skip(arguments: &DeliveryChange) -> anyhow::Result<()> {
    run(arguments, Change::Skip)
}

fn run(arguments: &DeliveryChange, change: Change) -> anyhow::Result<()> {
    let is_by_id = !arguments.deliveries.is_empty();
    if is_by_id != arguments.selection.is_empty() {
        return Err(user_error(
            "name the ids of deliveries, or select them with conditions such as --state dead, but not both",
        ));
    }
    let configured = Configured::read(&arguments.config)?;
    let runtime = runtime()?;
    let store = runtime.block_on(configured.open())?;
    let now = Clock::System.now();
    let ids = if is_by_id {
        arguments.deliveries.clone()
    } else {
        runtime.block_on(select(&store, &arguments.selection.filter(now), change))?
    };
    if change == Change::Skip && !is_by_id && !ids.is_empty() {
        let loss = format!(
            "skips for good in {}: {}",
            configured.database,
            count(ids.len() as u64, "delivery", "deliveries")
        );
        confirm(arguments.yes, &[loss], "skip")?;
    }
    let changed = runtime.block_on(apply(&store, &ids, change, now))?;
    if arguments.json {
        writeln!(std::io::stdout(), "{}", json!({ change.past(): changed }))?;
    }
    if changed == 0 && is_by_id {
        return Err(user_error(format!(
            "none of these deliveries can be {}\n  hint: `backlot deliveries show ID` tells the state of one",
            change.past()
        )));
    }
    Ok(())
}

/// Lists the ids of the selected deliveries that the change applies to.
async fn select(
    store: &Store,
    filter: &DeliveryFilter,
    change: Change,
) -> Result<Vec<i64>, StoreError> {
    let mut ids = Vec::new();
    for state in change.states() {
        if filter.state.is_some_and(|only| only != *state) {
            continue;
        }
        let mut filter = filter.clone();
        (filter.state, filter.after) = (Some(*state), Some(0));
        loop {
            let page = store
                .list_deliveries(filter.clone(), ListOrder::Oldest, BATCH_SIZE)
                .await?;
            let Some(last) = page.last() else { break };
            filter.after = Some(last.delivery_id);
            ids.extend(page.iter().map(|it| it.delivery_id));
        }
    }
    Ok(ids)
}

async fn apply(
    store: &Store,
    ids: &[i64],
    change: Change,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let mut progress = Progress::new("deliveries");
    let (mut changed, mut tried) = (0, 0);
    for batch in ids.chunks(BATCH_SIZE as usize) {
        changed += change.apply(store, batch.to_vec(), now).await?;
        tried += batch.len();
        progress.at(format!("{tried} of {}", ids.len()));
    }
    progress.done(format!(
        "{} {}",
        change.past(),
        count(changed, "delivery", "deliveries")
    ));
    Ok(changed)
}
