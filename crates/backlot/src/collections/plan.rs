//! What the files of collections change in the database, told before it is done.
//!
//! Nothing is done that would lose data: a collection that has items cannot go, nor a multi-reference
//! field that has links, and a definition cannot become one that existing items do not keep to.

use std::fmt;

use backlot_store::collections::Collections;
use backlot_store::{Store, StoreError};
use backlot_wix::data::collection::Definition;

use super::demo;

/// One collection that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// Its id.
    pub(crate) collection: String,
    /// What changes, a sentence each.
    pub(crate) changes: Vec<String>,
    /// Why that cannot be, a sentence each.
    pub(crate) losses: Vec<String>,
}

/// All that changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
}

impl Plan {
    /// Compares the files with what the database holds.
    pub(crate) async fn make(store: &Store, files: &[Definition]) -> Result<Self, StoreError> {
        let before = store.declared_collections().await?;
        let mut steps = Vec::new();
        for new in files {
            let old = before.iter().find(|it| it.id == new.id);
            let step = match old {
                Some(old) if old.says_the_same_as(new) => continue,
                old => changed(store, old, new).await?,
            };
            steps.push(step);
        }
        for old in &before {
            if files.iter().all(|new| new.id != old.id) {
                steps.push(gone(store, old).await?);
            }
        }
        let mut plan = Self { steps };
        if !plan.loses() {
            let trial = store.declare_collections(files.to_vec(), true).await?;
            if let Err(fault) = trial {
                plan.steps.push(Step {
                    collection: "indexes".to_owned(),
                    changes: Vec::new(),
                    losses: vec![fault.to_string()],
                });
            }
        }
        Ok(plan)
    }

    /// Whether it cannot be done.
    pub(crate) fn loses(&self) -> bool {
        self.steps.iter().any(|step| !step.losses.is_empty())
    }
}

async fn changed(
    store: &Store,
    old: Option<&Definition>,
    new: &Definition,
) -> Result<Step, StoreError> {
    let mut step = Step {
        collection: new.id.clone(),
        changes: Vec::new(),
        losses: Vec::new(),
    };
    match old {
        None => step.changes.push("new".to_owned()),
        Some(old) => step.changes.extend(differences(old, new)),
    }
    let misfits = store.misfits(new, &backlot_store::Backfill::default()).await?;
    for misfit in &misfits.first {
        let (instance_id, item_id) = (misfit.instance_id, &misfit.item_id);
        let sentences: Vec<String> = misfit
            .violations
            .iter()
            .map(|(it, _)| format!("{} {}", it.field, it.description))
            .collect();
        step.losses.push(format!(
            "the item {item_id:?} of the instance {instance_id} does not fit: {}",
            sentences.join("; ")
        ));
    }
    if misfits.count > misfits.first.len() as u64 {
        step.losses
            .push(format!("{} items do not fit in all", misfits.count));
    }
    let usage = store.usage(&new.id).await?;
    for (field, links) in usage.links {
        if new.multi_reference(&field).is_none() {
            let sentence = format!("{links} links of the field {field} would be lost");
            step.losses.push(sentence);
        }
    }
    Ok(step)
}

async fn gone(store: &Store, old: &Definition) -> Result<Step, StoreError> {
    let usage = store.usage(&old.id).await?;
    // What was tried on the demo's page is in nobody's way.
    let is_missed = usage.items > 0 && !demo::is_the_demos(old);
    let losses = is_missed.then(|| {
        format!(
            "its {} items of {} instances would be out of reach; remove them first, or keep the file",
            usage.items, usage.instances
        )
    });
    Ok(Step {
        collection: old.id.clone(),
        changes: vec!["removed".to_owned()],
        losses: losses.into_iter().collect(),
    })
}

fn differences(old: &Definition, new: &Definition) -> Vec<String> {
    let mut differences = Vec::new();
    for field in &new.fields {
        match old.field(&field.key) {
            None => differences.push(format!("field {} is new", field.key)),
            Some(before) if before.field_type != field.field_type => differences.push(format!(
                "field {} was {}, becomes {}",
                field.key,
                before.field_type.name(),
                field.field_type.name()
            )),
            Some(before) if before != field => {
                differences.push(format!("field {} has other rules", field.key));
            }
            Some(_) => {}
        }
    }
    for field in &old.fields {
        if new.field(&field.key).is_none() {
            differences.push(format!(
                "field {} is no longer declared; what items hold in it stays",
                field.key
            ));
        }
    }
    if old.permissions != new.permissions {
        differences.push("permissions change".to_owned());
    }
    if old.indexes != new.indexes {
        differences.push("indexes change".to_owned());
    }
    if differences.is_empty() {
        differences.push("names or descriptions change".to_owned());
    }
    differences
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Step {
            collection,
            changes,
            losses,
        } in &self.steps
        {
            for change in changes {
                writeln!(formatter, "{collection}: {change}")?;
            }
            for loss in losses {
                writeln!(formatter, "{collection}: refused: {loss}")?;
            }
        }
        Ok(())
    }
}
