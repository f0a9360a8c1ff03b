//! Small questions to Wix with a small answer: about tokens. Both the answer's size and the time for
//! it are limited, whatever Wix sends.

use std::time::Duration;

use backlot_wix::token_info::TokenInfo;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, StatusCode};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep, timeout_at};

use super::WixBody;
use super::WixError;
use super::collect::{Collected, MAX_OF_A_TOKEN, collect};
use super::wire::Wire;
use crate::body::RequestBody;
use crate::repeat::{Jitter, MAX_ATTEMPTS, is_passing_trouble, retry_after};

/// What Wix says of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenAnswer {
    /// This; it may say that the token is not active.
    Known(TokenInfo),
    /// A status of 4xx: it is no token, or no longer one.
    Dead(StatusCode),
}

impl TokenAnswer {
    pub(super) fn read(answer: &Answer) -> Result<Self, WixError> {
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

/// An answer that was read whole: a success, or a refusal that Wix means.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl Answer {
    /// A refusal of Wix's own, and not the page of something that stands between: 400 and 401 say so by
    /// themselves, any other by a body of JSON, or none.
    fn is_meant(&self) -> bool {
        matches!(self.status.as_u16(), 400 | 401)
            || self.body.is_empty()
            || serde_json::from_slice::<Map<String, Value>>(&self.body).is_ok()
    }
}

/// Asks until there is an answer, for as long as `time` and the attempts last.
pub(super) async fn ask(
    wire: &Wire,
    jitter: &Jitter,
    path: &'static str,
    body: Vec<u8>,
    time: Duration,
) -> Result<Answer, WixError> {
    let deadline = Instant::now() + time;
    let body = Bytes::from(body);
    let mut attempt = 0;
    loop {
        attempt += 1;
        let outcome = timeout_at(deadline, once(wire, path, body.clone(), deadline))
            .await
            .unwrap_or_else(|_| Err(WixError::unavailable("Wix took too long to answer")));
        let error = match outcome {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let wait = jitter.wait_after(attempt);
        let is_over = attempt >= MAX_ATTEMPTS || Instant::now() + wait >= deadline;
        if is_over || error.retry_after().is_some() {
            return Err(error);
        }
        sleep(wait).await;
    }
}

async fn once(
    wire: &Wire,
    path: &'static str,
    body: Bytes,
    deadline: Instant,
) -> Result<Answer, WixError> {
    let mut request = Request::new(RequestBody::ready(body));
    *request.method_mut() = Method::POST;
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(CONTENT_TYPE, json.clone());
    request.headers_mut().insert(ACCEPT, json);
    let reply = wire
        .send(PathAndQuery::from_static(path), request, deadline)
        .await?;
    let status = reply.status();
    let means_it = status.is_success()
        || (status.is_client_error() && !matches!(status.as_u16(), 405 | 408 | 425 | 429));
    if !means_it {
        return Err(WixError::Unavailable {
            cause: format!("Wix answered {path} with status {}", status.as_u16()),
            retry_after: retry_after(reply.headers(), None)
                .filter(|_| status.as_u16() == 429 || is_passing_trouble(status)),
        });
    }
    let body = read(reply.into_body()).await?;
    Ok(Answer { status, body })
}

async fn read(body: WixBody) -> Result<Bytes, WixError> {
    match collect(body, MAX_OF_A_TOKEN).await {
        Ok(Collected::Whole(bytes)) => Ok(bytes),
        Ok(Collected::TooLarge(_)) => Err(WixError::unavailable(
            "Wix's answer about a token is larger than any such answer can be",
        )),
        Err(fault) => Err(WixError::unavailable(fault.to_string())),
    }
}
