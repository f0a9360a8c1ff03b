//! The way to Wix: one request over it, and its reply.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Request, Response};
use tokio::time::Instant;

use super::{WixBody, WixReply};
use crate::body::{RequestBody, announced_bytes};
use crate::decode::begin;
use crate::upstream::{Address, Client, HopByHop, Patience, UpstreamError, forward};

/// The way to Wix.
pub(super) struct Wire {
    pub(super) client: Client,
    pub(super) base: Address,
    pub(super) silence: Duration,
}

impl Wire {
    /// Sends one request and waits for the head of the reply until `deadline`.
    pub(super) async fn send(
        &self,
        target: PathAndQuery,
        request: Request<RequestBody>,
        deadline: Instant,
    ) -> Result<WixReply, UpstreamError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(UpstreamError::TooSlow);
        }
        let patience = Patience {
            head: left,
            silence: self.silence,
        };
        let reply = forward(
            &self.client,
            &self.base,
            patience,
            target,
            HopByHop::default(),
            request,
        )
        .await?;
        let announced = announced_bytes(reply.response.headers());
        let (parts, mut body) = reply.response.into_parts();
        let begun = begin(&mut body, announced).await;
        let begun = begun.map_err(|fault| UpstreamError::Broken(fault.to_string()))?;
        let first: VecDeque<Bytes> = begun
            .and_then(|frame| frame.into_data().ok())
            .into_iter()
            .collect();
        Ok(Response::from_parts(parts, WixBody::streaming(first, body)))
    }
}
