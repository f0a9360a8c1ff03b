//! What the files of collections change in the database, told before it is done.
//!
//! Nothing is done without a person's consent that would lose data: a collection that has items does not go, nor a
//! multi-reference field that has links. And a definition does not become one that existing items break.

use std::fmt;

use backlot_store::collections::Misfit;
use backlot_store::{Backfill, Store, StoreError};
use backlot_wix::data::Value;
use backlot_wix::data::collection::Definition;

use super::{Declared, demo};
use crate::wording::count;

/// The maximum length of a value in a message, in characters.
const SHOWN: usize = 60;

/// One collection that changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Step {
    /// Its id.
    pub(crate) collection: String,
    /// What changes, a sentence each.
    pub(crate) changes: Vec<String>,
    /// What would be lost, a sentence each.
    pub(crate) losses: Vec<String>,
    /// Why it cannot be, a sentence each.
    pub(crate) breaks: Vec<String>,
    /// Multi-reference fields whose links get another field, or go.
    pub(crate) links: Vec<(String, Option<String>)>,
    /// How many items get a default or a field's new name.
    pub(crate) amended: u64,
    /// Whether it is the demo's own collection that goes.
    pub(crate) is_the_demos: bool,
}

/// All that changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
}

impl Plan {
    /// Compares the files with what the database holds.
    pub(crate) async fn make(store: &Store, files: &[Declared]) -> Result<Self, StoreError> {
        let before = store.list_declared_collections().await?;
        let mut steps = Vec::new();
        for new in files {
            let old = before.iter().find(|it| it.id == new.definition.id);
            let step = match old {
                Some(old) if old.is_same_definition(&new.definition) => continue,
                old => changed(store, old, new).await?,
            };
            steps.push(step);
        }
        for old in &before {
            if files.iter().all(|new| new.definition.id != old.id) {
                steps.push(gone(store, old).await?);
            }
        }
        let mut plan = Self { steps };
        // Where items are amended first, what is to be unique is not known before.
        let is_amended = plan.steps.iter().any(|step| step.amended > 0);
        if !plan.loses() && !plan.breaks() && !is_amended {
            let definitions = files.iter().map(|it| it.definition.clone()).collect();
            match store.declare_collections(definitions, true).await {
                Err(StoreError::Rejected(fault)) => plan.steps.push(Step {
                    collection: "indexes".to_owned(),
                    breaks: vec![fault.to_string()],
                    ..Step::default()
                }),
                trial => trial?,
            }
        }
        Ok(plan)
    }

    /// Whether data would be lost.
    pub(crate) fn loses(&self) -> bool {
        self.steps.iter().any(|step| !step.losses.is_empty())
    }

    /// Whether it cannot be done, with consent or without.
    pub(crate) fn breaks(&self) -> bool {
        self.steps.iter().any(|step| !step.breaks.is_empty())
    }

    /// What would be lost, a line each.
    pub(crate) fn losses(&self) -> Vec<String> {
        let lines = self.steps.iter().flat_map(|step| {
            let line = |loss: &String| format!("loses: {}: {loss}", step.collection);
            step.losses.iter().map(line)
        });
        lines.collect()
    }
}

async fn changed(
    store: &Store,
    old: Option<&Definition>,
    new: &Declared,
) -> Result<Step, StoreError> {
    let Declared {
        definition,
        backfill,
    } = new;
    let mut step = Step {
        collection: definition.id.clone(),
        ..Step::default()
    };
    match old {
        None => step.changes.push("new".to_owned()),
        Some(old) => step.changes.extend(differences(old, definition, backfill)),
    }
    let violations = store.list_violations(definition, backfill).await?;
    step.amended = violations.amended;
    if violations.amended > 0 {
        let items = count(violations.amended, "item gets", "items get");
        step.changes
            .push(format!("{items} a field's new name or its default"));
    }
    if violations.count > 0 {
        let break_it = if violations.count == 1 {
            "breaks"
        } else {
            "break"
        };
        let items = count(violations.count, "item", "items");
        step.breaks
            .push(format!("{items} {break_it} the new rules"));
    }
    step.breaks.extend(violations.first.iter().map(told));
    for (field, links) in store.collection_usage(&definition.id).await?.links {
        if definition.multi_reference(&field).is_some() {
            continue;
        }
        let renamed = backfill
            .renames
            .iter()
            .find(|(earlier, _)| *earlier == field);
        let present = renamed.map(|(_, present)| present.clone());
        let present = present.filter(|it| definition.multi_reference(it).is_some());
        if present.is_none() {
            let links = count(links, "link", "links");
            step.losses
                .push(format!("{links} of the field {field} would be lost"));
        }
        step.links.push((field, present));
    }
    Ok(step)
}

/// Which item breaks which rule, and with what.
fn told(misfit: &Misfit) -> String {
    let sentences: Vec<String> = misfit
        .violations
        .iter()
        .map(|(violation, value)| {
            let value = value.as_ref().map_or_else(|| "nothing".to_owned(), shown);
            format!(
                "{} {}, and holds {value}",
                violation.field, violation.description
            )
        })
        .collect();
    format!(
        "the item {:?} of the instance {} breaks a rule: {}",
        misfit.item_id,
        misfit.instance_id,
        sentences.join("; ")
    )
}

fn shown(value: &Value) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    let replace = |it: char| if it.is_control() { '\u{fffd}' } else { it };
    let mut short: String = text.chars().take(SHOWN).map(replace).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

async fn gone(store: &Store, old: &Definition) -> Result<Step, StoreError> {
    let usage = store.collection_usage(&old.id).await?;
    let losses = (usage.items > 0).then(|| {
        format!(
            "its {} of {} would be out of reach; `backlot items clear {}` removes them first, or keep the file",
            count(usage.items, "item", "items"),
            count(usage.instances, "instance", "instances"),
            old.id
        )
    });
    Ok(Step {
        collection: old.id.clone(),
        changes: vec!["removed".to_owned()],
        losses: losses.into_iter().collect(),
        is_the_demos: demo::is_the_demos(old),
        ..Step::default()
    })
}

fn differences(old: &Definition, new: &Definition, backfill: &Backfill) -> Vec<String> {
    let mut differences = Vec::new();
    let earlier = |key: &str| {
        let renamed = backfill.renames.iter().find(|(_, present)| present == key);
        renamed.map(|(earlier, _)| earlier.as_str())
    };
    for field in &new.fields {
        match old.field(&field.key) {
            None => differences.push(match earlier(&field.key) {
                Some(earlier) => format!("field {} is renamed from {earlier}", field.key),
                None => format!("field {} is new", field.key),
            }),
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
        let is_renamed = backfill.renames.iter().any(|(it, _)| *it == field.key);
        if new.field(&field.key).is_none() && !is_renamed {
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
        for step in &self.steps {
            let collection = &step.collection;
            for change in &step.changes {
                writeln!(formatter, "{collection}: {change}")?;
            }
            for loss in &step.losses {
                writeln!(formatter, "{collection}: loses: {loss}")?;
            }
            for cause in &step.breaks {
                writeln!(formatter, "{collection}: refused: {cause}")?;
            }
        }
        Ok(())
    }
}
