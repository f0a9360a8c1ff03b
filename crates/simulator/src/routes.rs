//! The routes of the simulator's listener. All other paths are Wix's.
//!
//! It signs instances and tokens for every client, so it must only ever listen on loopback, and must
//! only accept the host names of loopback; the program ensures both.

use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{any, get, post, put};
use axum::{Json, Router};
use serde_json::json;

use crate::own_api::{
    access_tokens, calls, events, faults, instances, revocations, sites, webhooks, world,
};
use crate::trouble::{method_not_served, nothing_served};
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
        .route("/simulator/v1/events", get(events::list))
        .route("/simulator/v1/events/{type}", get(events::show))
        .route(
            "/simulator/v1/webhooks",
            get(webhooks::list)
                .post(webhooks::send)
                .delete(webhooks::clear),
        )
        .route("/simulator/v1/webhooks/{id}", get(webhooks::show))
        .route(
            "/simulator/v1/webhooks/{id}/repeats",
            post(webhooks::repeat),
        )
        .route("/simulator/{*rest}", any(nothing_here))
        .method_not_allowed_fallback(method_not_served);
    own.fallback(wix_or_nothing).with_state(stage)
}

/// A stray request (`/favicon.ico`, a mistyped path) is not recorded as a call to Wix.
async fn wix_or_nothing(State(stage): State<Stage>, request: Request) -> Response {
    if wix::may_be_a_call(&request) {
        return wix::answer(State(stage), request).await;
    }
    nothing_here().await
}

async fn nothing_here() -> Response {
    nothing_served(
        "The simulator has `/`, `/simulator/v1/…` and the paths of Wix's REST APIs; docs/simulator.md lists them.",
    )
}
