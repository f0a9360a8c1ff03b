//! `GET /simulator/v1/world`: the app and the current sites, without secrets.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::Stage;

pub(crate) async fn show(State(stage): State<Stage>) -> Json<Value> {
    let addresses = &stage.addresses;
    Json(json!({
        "app": { "id": stage.world.app.id, "name": &*stage.app_name },
        "backend": addresses.backend,
        "admin": addresses.admin,
        "appPage": addresses.app_page,
        "appPageIsOwn": addresses.app_page_is_own,
        "sites": stage.sites().all(),
    }))
}
