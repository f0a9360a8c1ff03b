//! What only PostgreSQL has: row-level security, several nodes, a server that goes away; and that its SQL means
//! what `backlot_wix::data` means.
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod backup;
mod backup_file;
mod backup_refused;
mod deadlocks;
mod edges;
mod frozen_node;
mod house;
mod isolation;
mod nodes;
mod plans;
mod private_server;
mod relay;
mod same_meaning;
#[path = "../place/server.rs"]
mod server;
mod silence;
mod tls;
mod writes;
