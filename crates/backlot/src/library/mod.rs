//! The library's face: Backlot with routes of one's own.

mod builder;
mod mount;

pub use builder::{Backlot, Builder};
pub use mount::Mount;
