//! The developer's own server behind `[[api]]`: a pooled connection to it, requests handed on
//! as they stream in, responses handed back as they stream out.

mod address;
mod client;
mod error;
mod forward;
mod location;
mod pool;
mod response_stream;
mod roots;
mod send;
mod tunnel;

use pool::Lease;

pub use address::{Address, AddressError};
pub use client::{Client, ClientSettings, MAX_RESPONSE_HEAD_BYTES, MAX_RESPONSE_HEADERS};
pub use error::UpstreamError;
pub use forward::{HopByHop, UpstreamResponse, UpstreamTimeouts, forward, take_hop_by_hop};
pub use location::{RedirectTarget, place_at_host};
pub use response_stream::ResponseStream;
pub(crate) use roots::trusting;
pub use tunnel::Tunnel;
