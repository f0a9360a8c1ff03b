//! What came of a call.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use backlot_outbound::wix::{WixBody, WixError};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::http::peeked_body::PeekedBody;
use crate::http::wix_headers::from_wix;

/// The most that is read whole of an answer.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// How long an answer that is read whole may take from its head to its end.
const BODY_TIMEOUT: Duration = Duration::from_mins(1);

/// An answer of Wix's.
pub struct WixResponse(http::Response<PeekedBody<WixBody>>);

/// Why there is no answer, or none that can be used. As a response it is a refusal with a code.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum WixCallError {
    /// Wix gave none.
    #[error(transparent)]
    NoAnswer(#[from] WixError),
    /// Wix refused. The body is Wix's own error, in JSON.
    #[error("Wix answered with status {status}")]
    Refused {
        /// The status.
        status: StatusCode,
        /// The body.
        body: Bytes,
    },
    /// The call names an entity for its echo that cannot be marked, so it was not made.
    #[error("{}: {}", .0.code().name(), .0.sentence())]
    NotMarked(ApiError),
    /// What was to be sent, or what came, is not the JSON that it should be.
    #[error("not the JSON that was expected: {0}")]
    NotJson(String),
}

impl WixResponse {
    pub(crate) const fn new(response: http::Response<PeekedBody<WixBody>>) -> Self {
        Self(response)
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// The headers, `x-wix-request-id` among them.
    pub fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    /// The body, whatever the status.
    pub async fn bytes(self) -> Result<Bytes, WixCallError> {
        let read = Limited::new(self.0.into_body(), MAX_BYTES).collect();
        let read = tokio::time::timeout(BODY_TIMEOUT, read).await;
        let read = read.map_err(|_| WixError::unavailable("the answer takes too long"))?;
        let read = read.map_err(|error| WixError::unavailable(error.to_string()))?;
        Ok(read.to_bytes())
    }

    /// The body of a success as a type; Wix's refusals are faults.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, WixCallError> {
        let status = self.status();
        let body = self.bytes().await?;
        if !status.is_success() {
            return Err(WixCallError::Refused { status, body });
        }
        serde_json::from_slice(&body).map_err(|error| WixCallError::NotJson(error.to_string()))
    }
}

/// Wix's own refusals go back as they are; so does a whole answer.
impl IntoResponse for WixResponse {
    fn into_response(self) -> Response {
        let mut response = self.0.map(axum::body::Body::new);
        from_wix(response.headers_mut());
        response
    }
}

impl IntoResponse for WixCallError {
    fn into_response(self) -> Response {
        let refusal = match self {
            Self::NoAnswer(error) => ApiError::from(error),
            Self::NotMarked(error) => error,
            Self::Refused { status, body } => {
                let json = [(http::header::CONTENT_TYPE, "application/json")];
                return (status, json, body).into_response();
            }
            Self::NotJson(cause) => {
                ApiError::from(crate::error::ErrorCode::Internal).with_source(cause)
            }
        };
        refusal.into_response().map(axum::body::Body::from)
    }
}
