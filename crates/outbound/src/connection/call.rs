//! One call to a third party, without its credential.

use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

use super::ApiBase;
use crate::body::CallBody;

/// One call.
pub struct Call {
    /// Where the API is, for this account.
    pub base: Arc<ApiBase>,
    /// `GET`, `POST`, …
    pub method: Method,
    /// The path and query under the base address.
    pub target: PathAndQuery,
    /// Headers besides those that the client sees to (`Host`, the length, the credential).
    pub headers: HeaderMap,
    /// The body.
    pub body: CallBody,
    /// Whether a visitor or member makes it: those leave some of the site's places to its owner.
    pub is_public: bool,
}
