//! `POST /simulator/v1/instances`: a signed instance, and the address that Wix's dashboard would put
//! in the iframe.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use backlot_wix::{InstanceId, Role};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::json;

use super::{Sent, malformed, unknown_instance};
use crate::Stage;
use crate::issue::{Issue, LIFETIME};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::option_option,
    reason = "absent and null say two different things"
)]
pub(crate) struct Wanted {
    instance_id: InstanceId,
    role: Role,
    user_id: Option<String>,
    /// Defaults to the site's plan. Null is the free plan.
    #[serde(default, deserialize_with = "crate::present::present")]
    plan: Option<Option<String>>,
}

pub(crate) async fn issue(State(stage): State<Stage>, wanted: Sent<Wanted>) -> Response {
    let wanted = wanted.ok().filter(|Json(wanted)| wanted.role != Role::App);
    let Some(Json(wanted)) = wanted else {
        return malformed(
            "Send JSON with instanceId (a GUID) and role (owner, member or visitor).",
        );
    };
    let Some(now_site) = stage.sites().find(wanted.instance_id) else {
        return unknown_instance();
    };
    let site = &now_site.site;
    let now = stage.signing_time(site.instance_id);
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
