//! A request to a third party, without its credential.

use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

use super::ApiBase;
use crate::body::CallBody;

/// A request to a third party, without its credential.
pub struct ThirdPartyRequest {
    /// Where the API is, for this account.
    pub base: Arc<ApiBase>,
    /// The method.
    pub method: Method,
    /// The path and query under the base address.
    pub target: PathAndQuery,
    /// The headers, without those that the client sets (`Host`, the length, the credential).
    pub headers: HeaderMap,
    /// The body.
    pub body: CallBody,
    /// Whether the caller is a visitor or member. Some of the site's concurrent calls are reserved for its owner.
    pub is_public: bool,
}
