//! The app's page, served from a separate origin, as with the Wix CLI. It calls the backend
//! as Wix's guides describe.

mod credentials;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::Stage;
use crate::assets::{file, script_file};
use crate::trouble::{method_not_served, nothing_served};

/// Returns the routes of the app page's listener. `wix_client` is the script of Wix's client, a module that exports
/// `createClient`, `items` and `collections`. Defaults to the page's replacement.
pub fn router(stage: Stage, wix_client: Option<Vec<u8>>) -> Router {
    let client = wix_client.map(Bytes::from);
    Router::new()
        .route("/", get(index))
        .route(
            "/wix_client.js",
            get(async move || wix_client_or_own(client)),
        )
        .route("/{name}", get(asset))
        .route("/config.json", get(config))
        .route("/access-token", post(credentials::access_token))
        .route("/wrong-credentials", post(credentials::wrong))
        .fallback(async || nothing_served("The demo app's page is at `/`."))
        .method_not_allowed_fallback(method_not_served)
        .with_state(stage)
}

async fn index(State(stage): State<Stage>) -> Response {
    page(&stage, "index.html")
}

async fn asset(State(stage): State<Stage>, Path(name): Path<String>) -> Response {
    page(&stage, &name)
}

fn page(stage: &Stage, name: &str) -> Response {
    let connect = format!("'self' {}", stage.addresses.backend);
    file(&["demo_app/", "shared/", ""], name, &connect)
}

fn wix_client_or_own(script: Option<Bytes>) -> Response {
    match script {
        Some(script) => script_file(script),
        None => file(&["demo_app/"], "own_client.js", "'self'"),
    }
}

async fn config(State(stage): State<Stage>) -> Json<Value> {
    let addresses = &stage.addresses;
    Json(json!({ "backend": addresses.backend, "simulator": addresses.simulator }))
}
