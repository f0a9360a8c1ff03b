//! The page that plays the Wix dashboard: one chooses a site and a role, and the app's page opens
//! in an iframe from another origin, with `?instance=` as Wix would put it there.
//!
//! It signs instances for whoever asks, so it must only ever listen on loopback, and must only be
//! asked under loopback's names; the program sees to both.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use backlot_wix::{InstanceId, Role};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Stage;
use crate::assets::file;
use crate::issue::{Issue, LIFETIME};
use crate::trouble::trouble;

/// Every route of the simulator's listener.
pub fn router(stage: Stage) -> Router {
    Router::new()
        .route(
            "/",
            get(async || file(&["dashboard/"], "index.html", "'self'")),
        )
        .route("/assets/{name}", get(asset))
        .route("/healthz", get(async || Json(json!({"status": "ok"}))))
        .route("/simulator/v1/world", get(world))
        .route("/simulator/v1/instances", post(issue))
        .with_state(stage)
}

async fn asset(Path(name): Path<String>) -> Response {
    file(&["dashboard/", "shared/", ""], &name, "'self'")
}

/// Everything but the secrets.
async fn world(State(stage): State<Stage>) -> Json<Value> {
    let addresses = &stage.addresses;
    Json(json!({
        "app": { "id": stage.world.app.id, "name": "Demo app" },
        "backend": addresses.backend,
        "admin": addresses.admin,
        "appPage": addresses.app_page,
        "sites": stage.world.sites,
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::option_option,
    reason = "absent and null say two different things"
)]
struct Wanted {
    instance_id: InstanceId,
    role: Role,
    user_id: Option<String>,
    /// Absent: the plan that the site has. Null: the free one.
    #[serde(default, deserialize_with = "present")]
    plan: Option<Option<String>>,
}

async fn issue(
    State(stage): State<Stage>,
    wanted: Result<Json<Wanted>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let wanted = wanted.ok().filter(|Json(wanted)| wanted.role != Role::App);
    let Some(Json(wanted)) = wanted else {
        return trouble(
            StatusCode::BAD_REQUEST,
            "REQUEST_MALFORMED",
            "Send JSON with instanceId (a GUID) and role (owner, member or visitor).",
        );
    };
    let Some(site) = stage.world.site_of(wanted.instance_id) else {
        return trouble(
            StatusCode::NOT_FOUND,
            "INSTANCE_NOT_FOUND",
            "The simulator has no site with this instance.",
        );
    };
    let now = (stage.now)();
    let expires_at = now.checked_add(LIFETIME).unwrap_or(now);
    let plan = wanted.plan.unwrap_or_else(|| site.plan.clone());
    let issue = Issue {
        app_id: stage.world.app.id,
        site,
        role: wanted.role,
        user_id: wanted.user_id.as_deref(),
        plan: plan.as_deref(),
        signed_at: now,
        expires_at: Some(expires_at),
    };
    let instance = issue.sign(&stage.secret);
    let app_url = app_url(&stage.addresses.app_page, &instance, &site.site_url);
    Json(json!({
        "instance": instance,
        "appUrl": app_url,
        "payload": issue.payload(),
        "expiresAt": format!("{expires_at:.3}"),
    }))
    .into_response()
}

/// The address that Wix's dashboard puts in the iframe.
fn app_url(app_page: &str, instance: &str, site_url: &str) -> String {
    let site_url = utf8_percent_encode(site_url, NON_ALPHANUMERIC);
    let separator = if app_page.contains('?') { '&' } else { '?' };
    format!(
        "{app_page}{separator}instance={instance}&locale=en&viewMode=dashboard&siteUrl={site_url}"
    )
}

#[expect(
    clippy::option_option,
    reason = "absent and null say two different things"
)]
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}
