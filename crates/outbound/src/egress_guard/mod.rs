//! The egress guard: no request is sent to a private address.
//!
//! Otherwise a caller that may name an address, or a name server, could reach what only this machine reaches: its own
//! services, its neighbours, and the metadata of its cloud.
//! [`AddressGuard`] says which addresses may be dialled, and [`GuardedConnector`] asks it about each
//! address that it then dials: a name is looked up once, not once to be checked and once more to be
//! dialled, so a name that changes its mind in between gains nothing.

mod connector;
mod embedded_ipv4;
mod error;
mod policy;
mod resolver;
mod special_use;

pub use connector::GuardedConnector;
pub use error::AddressRefused;
pub use policy::AddressGuard;
pub use resolver::{Resolve, Resolved, SystemResolver};
