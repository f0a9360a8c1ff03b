//! Listeners: accepting connections, speaking HTTP on them, and letting them end well.
//!
//! Rules: a head must arrive within its time; a connection without a request, and a client that takes
//! nothing of its response, are given up after theirs, in HTTP/2 as in HTTP/1; the number of open connections is capped (past it,
//! idle ones make room, and new ones wait in the system's queue); shutting down cuts no request that was accepted.

mod accept;
mod bad_head;
mod connection;
mod forwarded_header;
mod idle_eviction;
mod interrupt;
mod peer;
mod serve;
mod shutdown;
mod streams;
pub(crate) mod upgrade;

pub use accept::ConnectionLimits;
pub(crate) use accept::{ConnectionPermit, accept};
pub(crate) use bad_head::{BadHead, RefuseHead};
pub(crate) use forwarded_header::{ForwardedElement, read_forwarded};
pub use peer::Peer;
pub(crate) use peer::parse_ip;
pub use serve::serve_router;
pub(crate) use shutdown::Drain;
