//! Tests of the program as a whole, in one binary: they compile and start faster that way.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects by failing"
)]

mod config;
mod direction;
mod fuzz;
mod library;
mod modules;
mod origins;
mod overlaps;
mod public_types;
mod references;
mod simulator_key;
mod subscriptions;
mod webhook_sources;
mod wix;
