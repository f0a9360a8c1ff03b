//! The plain page at `/`.

use axum::extract::State;
use axum::response::Html;
use jiff::Timestamp;

use super::Admin;

/// What the page says. Nothing in it comes from a request.
pub(crate) struct Overview {
    pub(crate) app_id: String,
    pub(crate) backend: String,
    pub(crate) started_at: Timestamp,
}

pub(super) async fn page(State(admin): State<Admin>) -> Html<String> {
    let Overview {
        app_id,
        backend,
        started_at,
    } = &*admin.overview;
    let version = env!("CARGO_PKG_VERSION");
    let connections = admin.house.metrics.open_connections.get();
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Backlot</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <h1>Backlot {version}</h1>\
         <dl><dt>App</dt><dd><code>{app_id}</code></dd>\
         <dt>Backend</dt><dd><code>{backend}</code></dd>\
         <dt>Running since</dt><dd>{started_at:.0}</dd>\
         <dt>Open connections</dt><dd>{connections}</dd></dl>\
         <p><a href=\"/metrics\">Metrics</a> · <a href=\"/healthz\">Health</a></p></html>"
    ))
}
