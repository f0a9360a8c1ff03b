//! `backlot instance`: the data of one instance.

mod delete;
mod export;
mod import;
mod list;

use super::arguments::Instance;

pub(super) fn run(command: &Instance) -> anyhow::Result<()> {
    match command {
        Instance::List(arguments) => list::run(arguments),
        Instance::Export(arguments) => export::run(arguments),
        Instance::Import(arguments) => import::run(arguments),
        Instance::Delete(arguments) => delete::run(arguments),
    }
}
