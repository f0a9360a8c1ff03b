//! The parts of a request that can be shared while a handler waits: its body cannot.

use http::{HeaderMap, Method, Request, Uri};

/// A request without its body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestHead<'request> {
    pub(crate) method: &'request Method,
    pub(crate) uri: &'request Uri,
    pub(crate) headers: &'request HeaderMap,
}

impl<'request> RequestHead<'request> {
    pub(crate) fn new<Body>(request: &'request Request<Body>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
        }
    }
}
