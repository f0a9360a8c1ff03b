//! `GET`, `PUT` and `DELETE /simulator/v1/faults`: simulated faults of Wix.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::{Sent, malformed};
use crate::Stage;
use crate::faults::Faults;

pub(crate) async fn show(State(stage): State<Stage>) -> Json<Faults> {
    Json(stage.memory.faults.lock().clone())
}

/// Applies all keys of the body, or none if one is not valid.
pub(crate) async fn change(
    State(stage): State<Stage>,
    changes: Sent<Map<String, Value>>,
) -> Response {
    let Ok(Json(changes)) = changes else {
        return malformed("Send a JSON object with the faults to change.");
    };
    let mut faults = stage.memory.faults.lock();
    match faults.with(&changes) {
        Ok(after) => {
            faults.clone_from(&after);
            Json(after).into_response()
        }
        Err(bad) => malformed(&bad.to_string()),
    }
}

pub(crate) async fn reset(State(stage): State<Stage>) -> Json<Faults> {
    let mut faults = stage.memory.faults.lock();
    *faults = Faults::default();
    Json(faults.clone())
}
