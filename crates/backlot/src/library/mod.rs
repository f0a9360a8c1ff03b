//! The library: Backlot with mounted routes and handlers of events.

mod builder;
mod mount;

pub use builder::{Backlot, Builder};
pub use mount::Mount;
