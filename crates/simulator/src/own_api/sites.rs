//! `PUT /simulator/v1/sites/{instanceId}`: changes a site, in memory only.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use super::{Sent, malformed, unknown_instance};
use crate::Stage;
use crate::memory::SiteChange;

pub(crate) async fn change(
    State(stage): State<Stage>,
    Path(instance_id): Path<String>,
    change: Sent<SiteChange>,
) -> Response {
    let Ok(Json(change)) = change else {
        return malformed("Send JSON with any of plan (null: free), siteUrl, siteName and locale.");
    };
    let now = format!("{:.3}", (stage.now)());
    let instance_id = instance_id.parse().ok();
    match instance_id.and_then(|id| stage.sites().change(id, change, &now)) {
        Some(site) => Json(site).into_response(),
        None => unknown_instance(),
    }
}
