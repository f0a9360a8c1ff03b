//! The collection of the demo app's page, which `backlot dev` declares before a developer has any files.
//!
//! It comes and goes with that page: when there is a folder of collections, or another page, it goes,
//! and what was written into it is out of reach, but stays. So a first try of the demo is never in the
//! way of an app's own collections.

use std::path::Path;

use backlot_wix::data::collection::Definition;

use super::Declared;
use super::file::CollectionFile;

const REVIEWS: &str = include_str!("demo/reviews.toml");

/// The demo's own, where `demo_is_shown` and there is no folder; the folder's files otherwise.
pub(crate) fn read_or_demo(folder: &Path, demo_is_shown: bool) -> anyhow::Result<Vec<Declared>> {
    if demo_is_shown && !folder.exists() {
        return Ok(vec![declared()?]);
    }
    Ok(super::read(folder)?)
}

/// Whether it is the demo's own, and no developer's.
pub(super) fn is_the_demos(definition: &Definition) -> bool {
    declared().is_ok_and(|demo| demo.definition.is_same_definition(definition))
}

fn declared() -> anyhow::Result<Declared> {
    let file: CollectionFile = toml::from_str(REVIEWS)?;
    let declared = file.into_declared("reviews");
    declared.map_err(|findings| anyhow::anyhow!("the demo's collection is wrong: {findings:?}"))
}

#[cfg(test)]
mod tests;
