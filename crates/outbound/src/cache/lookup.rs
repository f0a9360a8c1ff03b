//! What there is for a request.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response};

use super::stored::Stored;

/// What there is for a request.
pub enum Lookup {
    /// This is the reply.
    Fresh(Response<Bytes>),
    /// This was the reply; whether it still is, is to be asked.
    Stale(Stale),
    /// Nothing.
    Miss,
}

/// A kept reply to be asked about.
pub struct Stale {
    pub(super) stored: Arc<Stored>,
    pub(super) conditions: HeaderMap,
}

impl Stale {
    /// The headers to ask with, in place of those of the same names.
    pub const fn conditions(&self) -> &HeaderMap {
        &self.conditions
    }
}
