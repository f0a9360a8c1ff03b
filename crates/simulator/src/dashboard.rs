//! The page that simulates the Wix dashboard. It opens the app's page for a site and a role in an iframe from another
//! origin, with `?instance=` as Wix does.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::Stage;
use crate::assets::file;

/// Besides the simulator the page asks only the app's page, whether it is there.
pub(crate) async fn index(State(stage): State<Stage>) -> Response {
    let app_page = url::Url::parse(&stage.addresses.app_page);
    let app_page =
        app_page.map_or_else(|_| String::new(), |url| url.origin().ascii_serialization());
    file(&["dashboard/"], "index.html", &format!("'self' {app_page}"))
}

pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    file(&["dashboard/", "shared/", ""], &name, "'self'")
}
