//! `GET` and `DELETE /simulator/v1/calls`: the recorded calls of Wix's endpoints.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Stage;

#[derive(Deserialize)]
pub(crate) struct Filter {
    #[serde(default)]
    path: String,
}

pub(crate) async fn show(State(stage): State<Stage>, Query(filter): Query<Filter>) -> Json<Value> {
    let (total, calls) = stage.memory.calls.lock().with_prefix(&filter.path);
    let calls: Vec<_> = calls.iter().map(AsRef::as_ref).collect();
    Json(json!({ "total": total, "calls": calls }))
}

pub(crate) async fn forget(State(stage): State<Stage>) -> Json<Value> {
    stage.memory.calls.lock().clear();
    Json(json!({}))
}
