//! The limits of the server that are no configuration: one place to read them, and what `docs/limits.md` is made of.

pub use crate::response_pace::{BURST_BYTES, BYTES_PER_SECOND, SMALL_RESPONSE_BYTES};
pub use crate::work::{MAX_WAITING_OF_ONE, MIN_PLACES, PLACES_PER_CORE};
