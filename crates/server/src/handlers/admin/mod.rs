//! The admin listener: every route of it, and its own guard.
//!
//! The rows are in [`crate::routes::admin`].
//!
//! There is no login yet, so it listens on loopback; and since a page of the web can make a browser
//! reach loopback under another name (DNS rebinding), only requests for loopback names, or for
//! the address that was configured, are answered. What changes something is not for any page but this
//! listener's own.

mod connections;
mod csrf;
mod deliveries;
mod events;
mod host_guard;
mod index;
mod instances;
mod not_found;
mod parameters;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter};

use crate::http::methods::Verb;
use crate::routes::admin::{AdminEndpoint, ROUTES};
use crate::routes::{Authentication, Route, openapi};
use crate::state::AppState;

pub use host_guard::{HostGuard, guarded};
pub(crate) use index::Overview;

/// The longest that metrics wait for the database.
const TOTALS_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct Admin {
    state: Arc<AppState>,
    overview: Arc<Overview>,
}

pub(crate) fn router(state: Arc<AppState>, overview: Overview, guard: HostGuard) -> Router {
    let overview = Arc::new(overview);
    let router = ROUTES.iter().fold(Router::new(), |router, route| {
        router.route(route.spec.path, method_router(route))
    });
    let router = router
        .fallback(not_found::path)
        .method_not_allowed_fallback(not_found::method)
        .with_state(Admin { state, overview });
    guarded(router, guard)
}

/// Returns the handler of a row behind its policy. The host guard of [`router`] stands before all of them.
fn method_router(route: &Route<AdminEndpoint>) -> MethodRouter<Admin> {
    let policy = &route.spec.policy;
    let methods = policy.methods.iter().map(|verb| match verb {
        Verb::Get => MethodFilter::GET,
        Verb::Post => MethodFilter::POST,
        Verb::Put => MethodFilter::PUT,
        Verb::Patch => MethodFilter::PATCH,
        Verb::Delete => MethodFilter::DELETE,
    });
    let filter = methods.reduce(MethodFilter::or);
    let handler = MethodRouter::new();
    let Some(filter) = filter else {
        return handler;
    };
    let handler = match route.endpoint {
        AdminEndpoint::Index => handler.on(filter, index::page),
        AdminEndpoint::Healthz => handler.on(filter, healthz),
        AdminEndpoint::Metrics => handler.on(filter, metrics),
        AdminEndpoint::OpenApi => handler.on(filter, open_api),
        AdminEndpoint::ListInstances => handler.on(filter, instances::list),
        AdminEndpoint::GetInstance => handler.on(filter, instances::one),
        AdminEndpoint::GetInstanceConnections => handler.on(filter, connections::of_instance),
        AdminEndpoint::RefreshInstance => handler.on(filter, instances::refresh),
        AdminEndpoint::ListConnections => handler.on(filter, connections::totals),
        AdminEndpoint::ListEvents => handler.on(filter, events::list),
        AdminEndpoint::GetEvent => handler.on(filter, events::one),
        AdminEndpoint::ReplayEvent => handler.on(filter, events::replay),
        AdminEndpoint::ListDeliveries => handler.on(filter, deliveries::list),
        AdminEndpoint::GetDelivery => handler.on(filter, deliveries::one),
        AdminEndpoint::RetryDelivery => handler.on(filter, deliveries::retry),
        AdminEndpoint::SkipDelivery => handler.on(filter, deliveries::skip),
    };
    if policy.authentication == Authentication::LoopbackPage {
        return handler.layer(middleware::from_fn(csrf::check));
    }
    handler
}

async fn healthz() -> impl IntoResponse {
    axum::Json(serde_json::json!({"status": "ok"}))
}

async fn open_api() -> impl IntoResponse {
    axum::Json(openapi::document())
}

async fn metrics(State(admin): State<Admin>) -> impl IntoResponse {
    const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let shared = &admin.state.shared;
    // The other numbers are shown while the database does not answer.
    let totals = admin.state.store.delivery_totals();
    if let Ok(Ok(totals)) = tokio::time::timeout(TOTALS_TIMEOUT, totals).await {
        for of_subscription in totals {
            let now = shared.clock.now();
            shared.metrics.events.totals(&of_subscription, now);
        }
    }
    ([(CONTENT_TYPE, TEXT)], shared.metrics.encode())
}
