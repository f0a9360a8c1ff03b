//! `backlot instance`: the data of one instance.

mod delete;
mod export;
mod import;
mod list;

use backlot_store::portability::Exported;

use super::arguments::Instance;
use crate::wording::count;

pub(super) fn run(command: &Instance) -> anyhow::Result<()> {
    match command {
        Instance::List(arguments) => list::run(arguments),
        Instance::Export(arguments) => export::run(arguments),
        Instance::Import(arguments) => import::run(arguments),
        Instance::Delete(arguments) => delete::run(arguments),
    }
}

/// Describes an export: `1 collection, 3 items, 2 links`.
fn counted(all: &Exported) -> String {
    format!(
        "{}, {}, {}",
        count(all.collections, "collection", "collections"),
        count(all.items, "item", "items"),
        count(all.links, "link", "links")
    )
}
