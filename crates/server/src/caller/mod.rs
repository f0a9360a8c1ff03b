//! Who calls: finding the credential in a request, checking it, and handing the proof to handlers.

mod check;
mod extract;
mod find;
mod recent;

pub use check::{Checked, Checker};
pub use extract::{Caller, CallerMissing};
pub(crate) use find::{find, remove_instance};
