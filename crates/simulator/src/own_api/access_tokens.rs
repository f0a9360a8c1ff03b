//! `POST /simulator/v1/access-tokens`: an access token, as `fetchWithAuth` would send it.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use backlot_wix::access_token::UnverifiedClaims;
use backlot_wix::{InstanceId, Role};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Sent, malformed, unknown_instance};
use crate::Stage;
use crate::access_token::TokenIssue;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wanted {
    instance_id: InstanceId,
    role: Role,
    user_id: Option<String>,
}

pub(crate) async fn issue(State(stage): State<Stage>, wanted: Sent<Wanted>) -> Response {
    let Ok(Json(wanted)) = wanted else {
        return malformed(
            "Send JSON with instanceId (a GUID) and role (owner, member, visitor or app).",
        );
    };
    let Some(now_site) = stage.sites().find(wanted.instance_id) else {
        return unknown_instance();
    };
    let signed_at = stage.signing_time(wanted.instance_id);
    let lifetime = stage.memory.faults.lock().token_lifetime();
    let token = stage.tokens.make(&TokenIssue {
        app_id: stage.world.app.id,
        site: &now_site.site,
        role: wanted.role,
        user_id: wanted.user_id.as_deref(),
        signed_at,
        lifetime,
    });
    let expires_at = signed_at.saturating_add(lifetime).unwrap_or(signed_at);
    Json(json!({
        "accessToken": token,
        "expiresAt": format!("{expires_at:.3}"),
        "claims": claims(&token),
    }))
    .into_response()
}

/// Decodes the claims, including the nested JSON.
fn claims(token: &str) -> Value {
    let Some(UnverifiedClaims { claims, instance }) = UnverifiedClaims::read(token) else {
        return Value::Null;
    };
    json!({ "instance": instance, "iat": claims["iat"], "exp": claims["exp"] })
}
