//! The collections that every instance has: one TOML file each, and what changing one does.
//!
//! - [`file`](mod@file): a file's words; [`lines`]: where in it each stands
//! - [`read`](mod@read): the files of a folder as definitions; [`check`]: what must not stand in them
//! - [`demo`]: what stands in for the files where the demo app's page is shown
//! - [`plan`]: what the files change in the database, and what that would lose or break
//! - [`apply`](mod@apply): doing it

mod apply;
mod check;
mod demo;
mod file;
mod lines;
pub(crate) mod plan;
mod read;

use backlot_store::Backfill;
use backlot_wix::data::collection::Definition;

pub(crate) use apply::{Losses, apply, carry_out, refuse};
pub(crate) use demo::read_or_demo;
pub(crate) use plan::Plan;
pub(crate) use read::{files, read};

/// A collection as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Declared {
    pub(crate) definition: Definition,
    /// What becomes of items that are there when the definition changes.
    pub(crate) backfill: Backfill,
}
