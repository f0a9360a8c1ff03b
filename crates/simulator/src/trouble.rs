//! Refusals of the simulator's own API, in the shape of Wix's errors.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use backlot_wix::error_body::ErrorBody;
use serde_json::Map;

pub(crate) fn trouble(status: StatusCode, code: &str, message: &str) -> Response {
    let body = ErrorBody::new(code, message, message.to_owned(), Map::new());
    (status, Json(body)).into_response()
}
