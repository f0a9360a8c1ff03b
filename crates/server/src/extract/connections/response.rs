//! What came of a call.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use serde::de::DeserializeOwned;

use crate::connections::ThirdPartyBody;
use crate::error::{ApiError, ErrorCode};
use crate::http::peeked_body::PeekedBody;

/// The most that is read whole of an answer.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// An answer of a third party's, as a page would get it.
pub struct ConnectionResponse(http::Response<PeekedBody<ThirdPartyBody>>);

/// Why there is no answer, or none that can be used. As a response it is a refusal with a code.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionCallError {
    /// The call is not allowed, or no response came.
    #[error("{}: {}", .0.code().name(), .0.sentence())]
    Refused(ApiError),
    /// The third party answered, but not with a success.
    #[error("the third party answered with status {status}")]
    Status {
        /// The status.
        status: StatusCode,
        /// The body.
        body: Bytes,
    },
    /// The answer broke off, or is too large to be read whole.
    #[error("the answer cannot be read: {0}")]
    Broken(String),
    /// What was to be sent, or what came, is not the JSON that it should be.
    #[error("not the JSON that was expected: {0}")]
    NotJson(String),
}

impl From<ApiError> for ConnectionCallError {
    fn from(refusal: ApiError) -> Self {
        Self::Refused(refusal)
    }
}

impl ConnectionResponse {
    pub(crate) const fn new(response: http::Response<PeekedBody<ThirdPartyBody>>) -> Self {
        Self(response)
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// The headers that come back.
    pub fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    /// The body, whatever the status.
    pub async fn bytes(self) -> Result<Bytes, ConnectionCallError> {
        let read = Limited::new(self.0.into_body(), MAX_BYTES).collect().await;
        let broken = |error: Box<dyn std::error::Error + Send + Sync>| {
            ConnectionCallError::Broken(error.to_string())
        };
        Ok(read.map_err(broken)?.to_bytes())
    }

    /// The body of a success as a type.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, ConnectionCallError> {
        let status = self.status();
        let body = self.bytes().await?;
        if !status.is_success() {
            return Err(ConnectionCallError::Status { status, body });
        }
        serde_json::from_slice(&body)
            .map_err(|error| ConnectionCallError::NotJson(error.to_string()))
    }
}

/// An answer goes on as it is, and so does a stream.
impl IntoResponse for ConnectionResponse {
    fn into_response(self) -> Response {
        self.0.map(axum::body::Body::new)
    }
}

impl IntoResponse for ConnectionCallError {
    fn into_response(self) -> Response {
        let refusal = match self {
            Self::Refused(refusal) => refusal,
            Self::Status { status, body } => {
                let json = [(http::header::CONTENT_TYPE, "application/json")];
                return (status, json, body).into_response();
            }
            Self::Broken(cause) => ApiError::from(ErrorCode::ConnectionBroken).with_source(cause),
            Self::NotJson(cause) => ApiError::from(ErrorCode::Internal).with_source(cause),
        };
        refusal.into_response().map(axum::body::Body::from)
    }
}
