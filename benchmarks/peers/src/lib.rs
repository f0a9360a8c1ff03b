//! What the programs beside this file share.

#![forbid(unsafe_code)]

mod arguments;
mod server;

use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

pub use arguments::Arguments;
pub use server::{Reply, empty, serve};

/// Ends a program.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Returns the time in whole seconds.
///
/// # Errors
///
/// Fails if the clock shows a time before 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "these programs do nothing that a test would need another clock for"
)]
pub fn unix_seconds() -> Result<u64, Failure> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}
