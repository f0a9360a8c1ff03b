//! Small requests about tokens. The size of the response and the time for it are limited.

use std::time::Duration;

use backlot_wix::token_info::TokenInfo;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, StatusCode};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep, timeout_at};

use super::WixError;
use super::response::Collected;
use super::wire::Wire;
use crate::body::RequestBody;
use crate::resilience::{
    Jitter, MAX_ATTEMPTS, RetryState, Retryability, is_transient, retry_after,
};

/// The most bytes of a token, or of its metadata. Real ones have a kilobyte.
const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// What Wix says of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenInfoResponse {
    /// This; it may say that the token is not active.
    Known(TokenInfo),
    /// A status of 4xx: it is no token, or no longer one.
    Dead(StatusCode),
}

impl TokenInfoResponse {
    pub(super) fn read(answer: &MetadataResponse) -> Result<Self, WixError> {
        if answer.status.is_client_error() && answer.is_meant() {
            return Ok(Self::Dead(answer.status));
        }
        // An object first: a list could be read as one, with every field missing. The parser's own
        // words are left out, since they could repeat a piece of a token.
        serde_json::from_slice::<Map<String, Value>>(&answer.body)
            .and_then(|object| serde_json::from_value(Value::Object(object)))
            .map(Self::Known)
            .map_err(|_| WixError::unavailable("Wix's answer about a token cannot be read"))
    }
}

/// A complete response: a success, or an error that Wix means.
pub(super) struct MetadataResponse {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl MetadataResponse {
    /// Returns whether the error is Wix's own, and not the page of a proxy: 400 and 401 always are, others if the body is
    /// JSON or empty.
    fn is_meant(&self) -> bool {
        matches!(self.status.as_u16(), 400 | 401)
            || self.body.is_empty()
            || serde_json::from_slice::<Map<String, Value>>(&self.body).is_ok()
    }
}

/// Sends a request until there is a response, or its time or attempts are over.
pub(super) async fn metadata_request(
    wire: &Wire,
    jitter: &Jitter,
    path: &'static str,
    body: Vec<u8>,
    timeout: Duration,
) -> Result<MetadataResponse, WixError> {
    let deadline = Instant::now() + timeout;
    let body = Bytes::from(body);
    let mut retry = RetryState::new(jitter, deadline, MAX_ATTEMPTS, Retryability::Always);
    loop {
        retry.begin_attempt();
        let sent = send_once(wire, path, body.clone(), deadline);
        let outcome = timeout_at(deadline, sent).await;
        let late = |_| Err(WixError::unavailable("Wix took too long to answer"));
        let error = match outcome.unwrap_or_else(late) {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        match retry.wait(Retryability::Always, None) {
            Some(wait) if error.retry_after().is_none() => sleep(wait).await,
            _ => return Err(error),
        }
    }
}

async fn send_once(
    wire: &Wire,
    path: &'static str,
    body: Bytes,
    deadline: Instant,
) -> Result<MetadataResponse, WixError> {
    let mut request = Request::new(RequestBody::ready(body));
    *request.method_mut() = Method::POST;
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(CONTENT_TYPE, json.clone());
    request.headers_mut().insert(ACCEPT, json);
    let sent = wire.send(PathAndQuery::from_static(path), request, deadline);
    let response = sent.await?;
    let status = response.status();
    let is_answer = status.is_success()
        || (status.is_client_error() && !matches!(status.as_u16(), 405 | 408 | 425 | 429));
    if !is_answer {
        return Err(WixError::Unavailable {
            cause: format!("Wix answered {path} with status {}", status.as_u16()),
            retry_after: retry_after(response.headers(), None)
                .filter(|_| status.as_u16() == 429 || is_transient(status)),
        });
    }
    match response.into_body().collect_up_to(MAX_TOKEN_BYTES).await {
        Ok(Collected::Whole(body)) => Ok(MetadataResponse { status, body }),
        Ok(Collected::TooLarge(_)) => Err(WixError::unavailable(
            "Wix's answer about a token is larger than any such answer can be",
        )),
        Err(error) => Err(WixError::unavailable(error.to_string())),
    }
}
