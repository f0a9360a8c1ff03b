//! Every route of the simulator's listener. What is none of the simulator's own is Wix's.
//!
//! It signs instances and tokens for whoever asks, so it must only ever listen on loopback, and must
//! only be asked under loopback's names; the program sees to both.

use axum::http::StatusCode;
use axum::routing::{any, get, post, put};
use axum::{Json, Router};
use serde_json::json;

use crate::own_api::{access_tokens, calls, faults, instances, revocations, sites, world};
use crate::trouble::trouble;
use crate::{Stage, dashboard, wix};

/// The whole listener.
pub fn router(stage: Stage) -> Router {
    let own = Router::new()
        .route("/", get(dashboard::index))
        .route("/assets/{name}", get(dashboard::asset))
        .route("/healthz", get(async || Json(json!({"status": "ok"}))))
        .route("/simulator/v1/world", get(world::show))
        .route("/simulator/v1/sites/{instance_id}", put(sites::change))
        .route("/simulator/v1/instances", post(instances::issue))
        .route("/simulator/v1/access-tokens", post(access_tokens::issue))
        .route("/simulator/v1/revocations", post(revocations::revoke))
        .route(
            "/simulator/v1/faults",
            get(faults::show).put(faults::change).delete(faults::reset),
        )
        .route(
            "/simulator/v1/calls",
            get(calls::show).delete(calls::forget),
        )
        .route("/simulator/{*rest}", any(nothing_here));
    own.fallback(wix::answer).with_state(stage)
}

async fn nothing_here() -> axum::response::Response {
    trouble(
        StatusCode::NOT_FOUND,
        "ROUTE_NOT_FOUND",
        "The simulator has no such thing; docs/simulator.md lists what there is.",
    )
}
