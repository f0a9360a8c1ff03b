//! What the admin listener does not serve: the same codes, in the same shape, as on the public listener.

use axum::Json;
use axum::response::{IntoResponse, Response};
use backlot_wix::error_body::ErrorBody;
use serde_json::Map;

use crate::error::ErrorCode;

/// No route has the path.
pub(crate) async fn path() -> Response {
    let there = "The admin listener has `/`, `/healthz`, `/metrics` and `/admin/v1/…`.";
    refuse(ErrorCode::RouteNotFound, there)
}

/// The path has a route, for other methods; `Allow` names them.
pub(crate) async fn method() -> Response {
    let remedy = "Use one of the methods in the header `Allow`.";
    refuse(ErrorCode::MethodNotAllowed, remedy)
}

fn refuse(code: ErrorCode, remedy: &str) -> Response {
    let description = code.description();
    let message = format!("{description} {remedy}");
    let body = ErrorBody::new(code.name(), description, message, Map::new());
    (code.status(), Json(body)).into_response()
}
