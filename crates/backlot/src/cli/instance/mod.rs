//! `backlot instance`: what is kept of one instance.

mod delete;
mod export;
mod import;

use super::arguments::Instance;

pub(super) fn run(command: &Instance) -> anyhow::Result<()> {
    match command {
        Instance::Export(arguments) => export::run(arguments),
        Instance::Import(arguments) => import::run(arguments),
        Instance::Delete(arguments) => delete::run(arguments),
    }
}
