//! Errors in Wix's shapes.
//!
//! Source: Wix's "Errors". Wix does not publish its codes; where none is known the word of the
//! status stands.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use backlot_wix::error_body::ErrorBody;
use serde_json::{Map, Value, json};

pub(super) use crate::trouble::trouble as refuse;

/// No credential, or one that is no longer good.
pub(super) fn unauthenticated() -> Response {
    refuse(
        StatusCode::UNAUTHORIZED,
        "UNAUTHENTICATED",
        "There is no good credential in the Authorization header.",
    )
}

/// A credential without the required permission.
pub(super) fn forbidden(message: &str) -> Response {
    refuse(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message)
}

/// A credential of an app that is not on this site.
pub(super) fn app_not_installed(app_id: &str) -> Response {
    let message = "The app is not installed on this site.";
    let mut data = Map::new();
    data.insert("appNotInstalled".to_owned(), json!({ "appId": app_id }));
    let body = ErrorBody::new("APP_NOT_INSTALLED", message, message.to_owned(), data);
    (StatusCode::FORBIDDEN, Json(body)).into_response()
}

/// A field of the body that is missing or wrong.
pub(super) fn invalid(field: &str, wanted: &str) -> Response {
    let violation =
        json!({ "field": field, "description": wanted, "violatedRule": "INVALID_ARGUMENT" });
    let body = json!({
        "message": format!("{field} {wanted}"),
        "details": { "validationError": { "fieldViolations": [violation] } },
    });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// An internal error of Wix, which has an empty body.
pub(super) fn failure(status: StatusCode) -> Response {
    let nothing: Value = json!({ "message": "", "details": {} });
    (status, Json(nothing)).into_response()
}
