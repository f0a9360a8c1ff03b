//! The app's own page, from an origin of its own, as a Wix CLI app's page is. It calls the backend
//! the way Wix's guide tells developers to.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use backlot_wix::signed_instance::{Payload, Wire, sign};
use backlot_wix::{AppSecret, AppSecrets};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Stage;
use crate::assets::file;
use crate::trouble::trouble;

/// Every route of the app page's listener.
pub fn router(stage: Stage) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/{name}", get(asset))
        .route("/config.json", get(config))
        .route("/wrong-credentials", post(wrong_credentials))
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

async fn config(State(stage): State<Stage>) -> Json<Value> {
    let addresses = &stage.addresses;
    Json(json!({ "backend": addresses.backend, "simulator": addresses.simulator }))
}

#[derive(Deserialize)]
struct Held {
    instance: String,
}

/// Credentials that must be refused, for a page that holds a good one: the same one out of date,
/// and one of another app. Whoever holds none is given none.
async fn wrong_credentials(
    State(stage): State<Stage>,
    held: Result<Json<Held>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let payload = held
        .ok()
        .and_then(|Json(held)| verified_payload(&held.instance, &stage.secret));
    let Some(bytes) = payload else {
        return trouble(
            StatusCode::UNAUTHORIZED,
            "INSTANCE_SIGNATURE_INVALID",
            "Send the page's own instance as JSON: {\"instance\": …}.",
        );
    };
    let Ok(mut payload) = Payload::from_json(&bytes) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let ago = |hours| {
        let now = (stage.now)();
        let then = now.checked_sub(SignedDuration::from_hours(hours));
        format!("{:.3}", then.unwrap_or(now)).into()
    };
    let resigned = |payload: &Payload<'_>, secret: &AppSecret| {
        sign(secret, &serde_json::to_vec(payload).unwrap_or_default())
    };
    let other_app = resigned(&payload, &AppSecret::new("the secret of another app"));
    payload.sign_date = ago(30);
    payload.expiration_date = Some(ago(26));
    let expired = resigned(&payload, &stage.secret);
    Json(json!({ "expired": expired, "otherApp": other_app })).into_response()
}

fn verified_payload(instance: &str, secret: &AppSecret) -> Option<Vec<u8>> {
    let secrets = AppSecrets::new(vec![secret.clone()])?;
    let verified = Wire::parse(instance).ok()?.verify(&secrets).ok()?;
    verified.decode().ok()
}
