//! `/apps/v1/scripts`: the parameters of the app's embedded script on a site.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::refusal::{forbidden, invalid, refuse};
use crate::Stage;
use crate::memory::{Arrived, Scripts};

pub(super) fn get(stage: &Stage, caller: &Caller) -> Response {
    let Some(instance_id) = caller.instance_id() else {
        return no_site();
    };
    shown(&stage.memory.scripts.lock().get(instance_id))
}

pub(super) fn put(stage: &Stage, call: &Arrived, caller: &Caller) -> Response {
    let Some(instance_id) = caller.instance_id() else {
        return no_site();
    };
    let mut body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let parameters = body.pointer_mut("/properties/parameters");
    let Some(parameters) = parameters.and_then(Value::as_object_mut) else {
        return invalid("properties.parameters", "must be an object");
    };
    if call.body.len() > Scripts::MAX_BYTES {
        let message = "The parameters are too long.";
        return refuse(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", message);
    }
    let response = shown(parameters);
    let mut scripts = stage.memory.scripts.lock();
    scripts.put(instance_id, std::mem::take(parameters));
    response
}

fn shown(parameters: &Map<String, Value>) -> Response {
    Json(json!({ "properties": { "parameters": parameters } })).into_response()
}

fn no_site() -> Response {
    forbidden("A script is embedded in a site, and this key is an account's.")
}
