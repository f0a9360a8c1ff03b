//! The simulator's own API: for the dashboard page, for scripts and for tests. `docs/simulator.md`
//! describes it. Errors have the shape of Wix's.

pub(crate) mod access_tokens;
pub(crate) mod calls;
pub(crate) mod events;
pub(crate) mod faults;
pub(crate) mod instances;
pub(crate) mod revocations;
pub(crate) mod sites;
pub(crate) mod webhooks;
pub(crate) mod world;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::Response;

use crate::trouble::trouble;

/// A parsed body, or an error.
type Sent<T> = Result<Json<T>, JsonRejection>;

fn malformed(message: &str) -> Response {
    trouble(StatusCode::BAD_REQUEST, "REQUEST_MALFORMED", message)
}

fn unknown_instance() -> Response {
    trouble(
        StatusCode::NOT_FOUND,
        "INSTANCE_NOT_FOUND",
        "The simulator has no site with this instance.",
    )
}
