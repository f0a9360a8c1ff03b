//! The page that plays the Wix dashboard: one chooses a site and a role, and the app's page opens
//! in an iframe from another origin, with `?instance=` as Wix would put it there.

use axum::extract::Path;
use axum::response::Response;

use crate::assets::file;

pub(crate) async fn index() -> Response {
    file(&["dashboard/"], "index.html", "'self'")
}

pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    file(&["dashboard/", "shared/", ""], &name, "'self'")
}
