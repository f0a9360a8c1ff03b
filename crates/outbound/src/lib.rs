//! The only crate that opens a connection to somebody else.
//!
//! - [`upstream`]: the developer's own server behind the api room
//! - [`body`]: bodies on their way through, with a cap and a limit to silence
//! - [`hop_by_hop`]: the headers that belong to one connection and never travel on

pub mod body;
pub mod hop_by_hop;
pub mod upstream;
