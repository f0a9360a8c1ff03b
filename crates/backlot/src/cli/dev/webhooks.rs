//! Sends the simulator's webhooks.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use backlot_outbound::upstream::UpstreamTimeouts;
use backlot_simulator::webhooks::{ATTEMPT_TIMEOUT, PostWebhook};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request};

use crate::cli::http_client::HttpClient;

/// The simulator's own deadline comes first.
const TIMEOUTS: UpstreamTimeouts = UpstreamTimeouts {
    head: Duration::from_secs(10),
    idle: ATTEMPT_TIMEOUT,
};
/// Wix ignores the body. It is read so that the connection can be used again.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The client, as the simulator uses it.
pub(super) fn client() -> std::io::Result<PostWebhook> {
    let client = Arc::new(HttpClient::new()?);
    Ok(Arc::new(move |post| {
        let client = Arc::clone(&client);
        Box::pin(async move {
            let mut request = Request::new(post.body);
            *request.method_mut() = Method::POST;
            let media_type = HeaderValue::from_static("text/plain");
            request.headers_mut().insert(CONTENT_TYPE, media_type);
            let response = client.send(&post.url, request, TIMEOUTS).await?;
            let status = response.status().as_u16();
            tokio::spawn(to_bytes(Body::new(response.into_body()), MAX_BODY_BYTES));
            Ok(status)
        })
    }))
}
