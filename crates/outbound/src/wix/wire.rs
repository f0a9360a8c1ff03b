//! The connection to Wix.

use std::time::Duration;

use http::uri::PathAndQuery;
use http::{Request, Response};
use tokio::time::Instant;

use super::WixBody;
use crate::body::{RequestBody, content_length};
use crate::decode::BegunBody;
use crate::upstream::{Address, Client, UpstreamError, UpstreamTimeouts};

/// The connection to Wix.
pub(super) struct Wire {
    pub(super) client: Client,
    pub(super) base: Address,
    pub(super) idle_timeout: Duration,
}

impl Wire {
    /// Sends a request and waits until `deadline` for the head of the response.
    pub(super) async fn send(
        &self,
        target: PathAndQuery,
        request: Request<RequestBody>,
        deadline: Instant,
    ) -> Result<Response<WixBody>, UpstreamError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(UpstreamError::TooSlow);
        }
        let timeouts = UpstreamTimeouts {
            head: left,
            idle: self.idle_timeout,
        };
        let sent = self.client.send(&self.base, timeouts, target, request);
        let response = sent.await?.response;
        let length = content_length(response.headers());
        let mut response = response.map(BegunBody::new);
        let begun = response.body_mut().begin(length).await;
        begun.map_err(|error| UpstreamError::Broken(error.to_string()))?;
        Ok(response.map(WixBody::streaming))
    }
}
