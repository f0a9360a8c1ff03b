//! The simulator of a running `backlot dev`, by its own API.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use backlot_outbound::upstream::UpstreamTimeouts;
use http::header::CONTENT_TYPE;
use http::{Method, Request};
use serde_json::Value;

use crate::cli::arguments::ConfigArgs;
use crate::cli::http_client::HttpClient;
use crate::data_folder::DataFolder;
use crate::user_error::user_error;

/// The simulator answers when it has tried to send the webhooks: each attempt takes at most 1,250 ms.
const TIMEOUTS: UpstreamTimeouts = UpstreamTimeouts {
    head: Duration::from_hours(1),
    idle: Duration::from_mins(1),
};
/// More than the simulator remembers.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// A simulator that runs.
pub(super) struct RunningSimulator {
    url: String,
    client: HttpClient,
}

impl RunningSimulator {
    /// Finds the simulator by the note that `backlot dev` leaves in its data folder.
    pub(super) fn find(config: &ConfigArgs) -> anyhow::Result<Self> {
        let data = DataFolder::with_world(config.data.as_deref());
        let is_running = data.holder().is_some_and(|it| it.is_dev());
        let url = std::fs::read_to_string(data.simulator_url()).ok();
        let Some(url) = url.filter(|_| is_running) else {
            return Err(user_error(format!(
                "no simulator runs on {}\n  hint: start `backlot dev`, or name its folder with --data; --print needs \
                 no simulator",
                data.path().display()
            )));
        };
        Ok(Self {
            url: url.trim().to_owned(),
            client: HttpClient::new()?,
        })
    }

    /// Posts JSON to a path of the simulator's own API, and returns the JSON of the response.
    pub(super) async fn post(&self, path: &str, json: &Value) -> anyhow::Result<Value> {
        let mut request = Request::new(Bytes::from(json.to_string()));
        *request.method_mut() = Method::POST;
        let media_type = http::HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, media_type);
        let url = format!("{}{path}", self.url);
        let response = self.client.send(&url, request, TIMEOUTS).await;
        let response = response.map_err(|cause| {
            user_error(format!(
                "the simulator at {} does not answer: {cause}",
                self.url
            ))
        })?;
        let is_success = response.status().is_success();
        let body = to_bytes(Body::new(response.into_body()), MAX_BODY_BYTES).await?;
        let body: Value = serde_json::from_slice(&body)?;
        if is_success {
            return Ok(body);
        }
        let message = body["message"]
            .as_str()
            .unwrap_or("the simulator refuses this");
        Err(user_error(message.to_owned()))
    }
}
