//! `POST /simulator/v1/revocations`: revokes one token, or all of an instance's so far.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use backlot_wix::InstanceId;
use backlot_wix::credential::strip_bearer;
use serde::Deserialize;
use serde_json::json;

use super::{Sent, malformed};
use crate::Stage;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Revoked {
    access_token: Option<String>,
    instance_id: Option<InstanceId>,
}

pub(crate) async fn revoke(State(stage): State<Stage>, revoked: Sent<Revoked>) -> Response {
    let revoked = revoked.map(|Json(it)| (it.access_token, it.instance_id));
    let mut revocations = stage.memory.revocations.lock();
    match revoked {
        Ok((Some(token), None)) => revocations.revoke_token(strip_bearer(&token)),
        Ok((None, Some(instance_id))) => revocations.revoke_instance(instance_id, (stage.now)()),
        _ => return malformed("Send JSON with either accessToken or instanceId (a GUID)."),
    }
    Json(json!({})).into_response()
}
