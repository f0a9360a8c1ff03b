//! Work that depends on the size of what a request brings or finds. It never runs on the threads that serve
//! connections.
//!
//! - [`places`]: how many requests work at once, and whose turn it is
//! - [`pool`]: runs a request's work on a separate thread, in a slot, within a budget
//! - [`threads`]: those threads, of a lower priority for those who use much
//! - [`usage`]: how much each instance used a moment ago
//!
//! Rules: one instance holds at most a quarter of the places while others wait, and all of them when none does; within an
//! instance the first to come is the first to be served; a place is given up when the client has gone.

mod pool;
mod slots;
mod threads;
mod usage;
mod watch;

pub(crate) use pool::WorkPool;
pub use pool::{MAX_WAITING_OF_ONE, MIN_PLACES, PLACES_PER_CORE, RequestLimits};
