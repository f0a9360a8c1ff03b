//! Who calls: finding the credential in a request, checking it, and handing the proof to handlers.

mod check;
mod extract;
mod find;

pub(crate) use check::Checker;
pub use extract::{Caller, CallerMissing};
pub(crate) use find::{find, remove_instance};
