//! Errors of the simulator's own pages and API, in the shape of Wix's.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use backlot_wix::error_body::ErrorBody;
use serde_json::Map;

pub(crate) fn trouble(status: StatusCode, code: &str, message: &str) -> Response {
    described(status, code, message, message.to_owned())
}

/// Nothing is at this path; `there` says what is. As the backend's own listeners say it.
pub(crate) fn nothing_served(there: &str) -> Response {
    let description = "Nothing is served at this path.";
    described(
        StatusCode::NOT_FOUND,
        "ROUTE_NOT_FOUND",
        description,
        format!("{description} {there}"),
    )
}

/// The path serves other methods; `Allow` names them.
pub(crate) async fn method_not_served() -> Response {
    let description = "This path does not serve this method.";
    described(
        StatusCode::METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        description,
        format!("{description} Use one of the methods in the header `Allow`."),
    )
}

fn described(status: StatusCode, code: &str, description: &str, message: String) -> Response {
    let body = ErrorBody::new(code, description, message, Map::new());
    (status, Json(body)).into_response()
}
