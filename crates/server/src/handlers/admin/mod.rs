//! The admin listener: every route of it, and its own guard.
//!
//! | path | what |
//! | --- | --- |
//! | `/` | a plain page that says what runs |
//! | `/healthz` | liveness |
//! | `/metrics` | counters, for monitoring |
//! | `GET /admin/v1/instances` | the instances seen last |
//! | `GET /admin/v1/instances/{id}` | what is known of one |
//! | `GET /admin/v1/instances/{id}/connections` | what it has used of connections |
//! | `GET /admin/v1/connections` | what all have used of connections in a month |
//! | `POST /admin/v1/instances/{id}/refresh` | asks Wix about it now |
//!
//! There is no login yet, so it listens on loopback; and since a page of the web can make a browser
//! ask loopback under a name of its own (DNS rebinding), only requests for loopback names, or for
//! the address that was configured, are answered. What changes something is not for any page but this
//! listener's own.

mod connections;
mod csrf;
mod host_guard;
mod index;
mod instances;
mod not_found;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{get, post};

use crate::state::AppState;

pub use host_guard::{HostGuard, guarded};
pub(crate) use index::Overview;

#[derive(Clone)]
struct Admin {
    state: Arc<AppState>,
    overview: Arc<Overview>,
}

pub(crate) fn router(state: Arc<AppState>, overview: Overview, guard: HostGuard) -> Router {
    let overview = Arc::new(overview);
    let router = Router::new()
        .route("/", get(index::page))
        .route(
            "/healthz",
            get(async || axum::Json(serde_json::json!({"status": "ok"}))),
        )
        .route("/metrics", get(metrics))
        .route("/admin/v1/instances", get(instances::list))
        .route("/admin/v1/instances/{id}", get(instances::one))
        .route(
            "/admin/v1/instances/{id}/connections",
            get(connections::of_instance),
        )
        .route("/admin/v1/connections", get(connections::totals))
        .route(
            "/admin/v1/instances/{id}/refresh",
            post(instances::refresh).layer(middleware::from_fn(csrf::check)),
        )
        .fallback(not_found::path)
        .method_not_allowed_fallback(not_found::method)
        .with_state(Admin { state, overview });
    guarded(router, guard)
}

async fn metrics(State(admin): State<Admin>) -> impl IntoResponse {
    const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, TEXT)], admin.state.shared.metrics.encode())
}
