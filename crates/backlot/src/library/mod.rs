//! The library: Backlot with mounted routes.

mod builder;
mod mount;

pub use builder::{Backlot, Builder};
pub use mount::Mount;
