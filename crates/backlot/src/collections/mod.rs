//! The collections that every instance has: one TOML file each, and what changing one does.
//!
//! - [`file`]: a file's words
//! - [`read`]: the files of a folder as definitions
//! - [`demo`]: what stands in for the files where the demo app's page is shown
//! - [`plan`]: what the files change in the database, and whether that would lose anything

mod demo;
mod file;
pub(crate) mod plan;
mod read;

use backlot_store::Store;
use backlot_store::collections::Collections as _;
use backlot_wix::data::collection::Definition;

pub(crate) use demo::read_or_demo;
pub(crate) use plan::Plan;
pub(crate) use read::read;

use crate::config::{ConfigErrors, Problem};

/// Does what the files change, and says what that was. Nothing is done that would lose data.
pub(crate) async fn apply(store: &Store, files: Vec<Definition>) -> anyhow::Result<Plan> {
    let plan = Plan::make(store, &files).await?;
    if plan.loses() {
        let refused = plan.steps.iter().flat_map(|step| {
            let problem = |loss: &String| Problem {
                origin: None,
                key: format!("collection {}", step.collection),
                cause: loss.clone(),
                remedy: None,
            };
            step.losses.iter().map(problem)
        });
        return Err(ConfigErrors(refused.collect()).into());
    }
    if !plan.steps.is_empty() {
        store
            .declare_collections(files, false)
            .await?
            .map_err(|fault| {
                ConfigErrors::from(Problem {
                    origin: None,
                    key: "collections".to_owned(),
                    cause: fault.to_string(),
                    remedy: None,
                })
            })?;
    }
    Ok(plan)
}
