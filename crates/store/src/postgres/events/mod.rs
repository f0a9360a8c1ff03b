//! Events and deliveries in PostgreSQL.
//!
//! The row of an instance's turn is the lock of its lanes: transactions that make, claim or settle deliveries lock that
//! row first. Several are locked in the order of their keys; claims skip those that are locked.
//!
//! [`intake`]: storing events; [`echo`]: those that the app's own writes have caused; [`outcomes`] and [`claims`]: one transaction of a subscription; [`changes`]: what operators do; [`turns`]: which instance
//! is next; [`listener`]: wake-ups from other nodes.

mod changes;
mod claims;
mod echo;
mod intake;
mod listener;
mod outcomes;
mod turns;

pub(super) use intake::Intake;
pub(super) use listener::Listener;

/// Wakes the nodes that listen, once the transaction is committed.
const NOTIFY: &str = "SELECT pg_notify('backlot_deliveries', '')";
