//! The address guard: no request leaves for an address inside.
//!
//! A party that chooses an address, or controls a name, could otherwise reach what only this machine
//! reaches: its own services, its neighbours, and the metadata of the cloud that it runs in.
//! [`AddressGuard`] says which addresses may be dialled, and [`GuardedConnector`] asks it about each
//! address that it then dials: a name is looked up once, not once to be checked and once more to be
//! dialled, so a name that changes its mind in between gains nothing.

mod address;
mod carried;
mod connector;
mod refused;
mod resolve;
mod special;

pub use address::AddressGuard;
pub use connector::GuardedConnector;
pub use refused::AddressRefused;
pub use resolve::{Resolve, Resolved, SystemResolver};
