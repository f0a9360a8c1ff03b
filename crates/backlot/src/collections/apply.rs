//! Doing what the files change: items first, in steps between which others have their turn, and then the definitions.

use std::sync::Arc;

use backlot_store::collections::Collection;
use backlot_store::items::mutation::Author;
use backlot_store::items::{Batch, CollectionRef, ItemQuery, Mutation, Position};
use backlot_store::{Backfill, Store, StoreError};
use backlot_wix::InstanceId;
use backlot_wix::data::{Budget, Date, Filter};

use super::{Declared, Plan};
use crate::config::{ConfigError, ConfigProblem};

/// Items that are amended in one step.
const STEP: u32 = 200;
/// How often a step is retried if the collection has changed in the meantime.
const ATTEMPTS: u32 = 8;

/// What a plan may lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Losses {
    /// Nothing.
    Refused,
    /// The demo's own collection, which goes when a developer's own collections or page come. Its items stay in
    /// the database, out of reach.
    OfTheDemo,
    /// Whatever it says: a person has agreed.
    Meant,
}

/// Does what the files change, and says what that was. Nothing is done that would lose more than it may.
pub(crate) async fn apply(
    store: &Store,
    files: Vec<Declared>,
    losses: Losses,
    flags: &str,
) -> anyhow::Result<Plan> {
    let plan = Plan::make(store, &files).await?;
    refuse(&plan, losses, flags)?;
    carry_out(store, &plan, files).await?;
    // What stood in an index's way may be gone.
    store.retry_failed_builds().await?;
    Ok(plan)
}

/// Refuses what cannot be done, and what would lose more data than it may. With `flags`, other commands find the same
/// data.
pub(crate) fn refuse(plan: &Plan, losses: Losses, flags: &str) -> Result<(), ConfigError> {
    let mut errors = ConfigError::default();
    for step in &plan.steps {
        let problem = |cause: &String, remedy: &str| ConfigProblem {
            origin: None,
            key: format!("collection {}", step.collection),
            cause: cause.clone(),
            remedy: Some(remedy.to_owned()),
        };
        let may_lose = match losses {
            Losses::Refused => false,
            Losses::OfTheDemo => step.is_the_demos,
            Losses::Meant => true,
        };
        if !may_lose {
            let remedy = format!("`backlot migrate{flags}` asks, and does it then");
            let losses = step.losses.iter();
            errors.0.extend(losses.map(|loss| problem(loss, &remedy)));
        }
        let remedy = "change these items, give the field a `default`, or leave the rule out";
        let breaks = step.breaks.iter();
        errors.0.extend(breaks.map(|it| problem(it, remedy)));
    }
    if errors.0.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

/// Does what a plan says, losses and all.
pub(crate) async fn carry_out(
    store: &Store,
    plan: &Plan,
    files: Vec<Declared>,
) -> anyhow::Result<()> {
    if plan.steps.is_empty() {
        return Ok(());
    }
    for step in &plan.steps {
        for (field, present) in &step.links {
            let present = present.as_deref();
            store.rename_links(&step.collection, field, present).await?;
        }
        let file = files.iter().find(|it| it.definition.id == step.collection);
        if let Some(file) = file.filter(|it| !it.backfill.is_empty() && step.amended > 0) {
            let backfill = Arc::new(file.backfill.clone());
            for instance_id in store.list_instances_with_items(&step.collection).await? {
                amend(store, instance_id, &step.collection, file, &backfill).await?;
            }
        }
    }
    let definitions = files.into_iter().map(|it| it.definition).collect();
    match store.declare_collections(definitions, false).await {
        Err(StoreError::Rejected(fault)) => Err(ConfigError::from(ConfigProblem {
            origin: None,
            key: "collections".to_owned(),
            cause: fault.to_string(),
            remedy: None,
        })
        .into()),
        outcome => Ok(outcome?),
    }
}

/// Amends the items of one instance. One that is amended already is passed over, so that a run that was broken off is
/// taken up by the next.
async fn amend(
    store: &Store,
    instance_id: InstanceId,
    id: &str,
    file: &Declared,
    backfill: &Arc<Backfill>,
) -> anyhow::Result<()> {
    let mut place = 0;
    let mut attempts = 0;
    loop {
        // Unchanged until the new definition takes effect; items of a collection that never existed are inaccessible.
        let collection = store.find_collection(instance_id, id).await?;
        let is_declared = collection.is_some();
        let collection =
            collection.unwrap_or_else(|| Arc::new(Collection::new(file.definition.clone(), true)));
        let of = CollectionRef::new(instance_id, collection);
        let mut find = ItemQuery::all(Filter::all(), STEP);
        find.after = Some(Position {
            values: Vec::new(),
            sequence: place,
        });
        let items = store.query_items(&of, find).await?;
        let Some(last) = items.last().map(|item| item.sequence) else {
            return Ok(());
        };
        let mut writes = Vec::new();
        for item in items {
            if backfill.amend(&mut item.object()?) {
                writes.push(Mutation::Amend {
                    item_id: item.id,
                    backfill: Arc::clone(backfill),
                });
            }
        }
        if !writes.is_empty() && !is_declared {
            anyhow::bail!(
                "the items of the collection {id} are of a time in which it was declared: declare it as it was then, \
                 and change it afterwards"
            );
        }
        let batch = Batch {
            writes,
            condition: None,
            author: Author::app(None),
            now: Date::EPOCH,
            stops_at_failure: false,
            budget: Budget::unlimited(),
            room: None,
            tells_items: false,
        };
        match store.commit(&of, batch).await {
            Err(StoreError::Outdated) if attempts < ATTEMPTS => attempts += 1,
            outcome => {
                outcome?;
                place = last;
            }
        }
    }
}
