//! The plain page at `/`.

use axum::extract::State;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, IntoResponse};
use jiff::Timestamp;

use super::Admin;
use crate::http::plain_page;

/// What the page says. Nothing in it comes from a request.
pub(crate) struct Overview {
    pub(crate) app_id: String,
    pub(crate) backend: String,
    pub(crate) started_at: Timestamp,
}

pub(crate) async fn page(State(admin): State<Admin>) -> impl IntoResponse {
    let Overview {
        app_id,
        backend,
        started_at,
    } = &*admin.overview;
    let version = env!("CARGO_PKG_VERSION");
    let connections = admin.state.shared.metrics.open_connections.get();
    let content = format!(
        "<dl><dt>App</dt><dd><code>{app_id}</code></dd>\
         <dt>Backend</dt><dd><a href=\"{backend}\"><code>{backend}</code></a></dd>\
         <dt>Running since</dt><dd>{started_at:.0}</dd>\
         <dt>Open connections</dt><dd>{connections}</dd></dl>\
         <p><a href=\"/metrics\">Metrics</a> · <a href=\"/healthz\">Health</a> · \
         <a href=\"/admin/v1/instances\">Instances</a></p>"
    );
    let page = plain_page::html(&format!("Backlot {version}"), &content);
    ([(CONTENT_SECURITY_POLICY, plain_page::POLICY)], Html(page))
}
