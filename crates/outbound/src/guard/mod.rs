//! The address guard: no request leaves for an address inside.
//!
//! Whoever may name an address, or answers for a name, could otherwise reach what only this machine
//! reaches: its own services, its neighbours, and the metadata of the cloud that it runs in.
//! [`AddressGuard`] says which addresses may be dialled.

mod address;
mod carried;
mod special;

pub use address::AddressGuard;
