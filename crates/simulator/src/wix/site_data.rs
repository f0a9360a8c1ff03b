//! `/wix-data/v2/…`: the site's own data at Wix. The program provides the service. Otherwise these
//! paths are like any other.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use backlot_wix::{InstanceId, Role};

use super::caller::Caller;
use super::refusal::refuse;
use crate::memory::Arrived;

/// Serves a call of Wix Data by a caller with a valid credential.
#[derive(Debug)]
pub struct SiteDataCall {
    /// The site, by its installation of the app.
    pub instance_id: InstanceId,
    pub role: Role,
    /// The user, or `None` for the app.
    pub user_id: Option<String>,
    pub request: Request<Bytes>,
}

/// Answers them.
pub type SiteData =
    Arc<dyn Fn(SiteDataCall) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// The second is what Wix's client uses with a custom host.
const PREFIXES: [&str; 2] = ["/wix-data/v2/", "/_api/cloud-data/v2/"];

pub(super) fn is_about_it(call: &Arrived) -> bool {
    let path = call.uri.path();
    PREFIXES.iter().any(|prefix| path.starts_with(prefix))
}

pub(super) async fn answer(data: &SiteData, call: &Arrived, caller: &Caller) -> Response {
    let Some(instance_id) = caller.instance_id() else {
        let message = "WDE0117: The API key is used for an account, or the site is not known.";
        return refuse(StatusCode::BAD_REQUEST, "WDE0117", message);
    };
    let mut request = Request::new(call.body.clone());
    request.method_mut().clone_from(&call.method);
    request.uri_mut().clone_from(&call.uri);
    let (role, user_id) = caller.role_and_user();
    data(SiteDataCall {
        instance_id,
        role,
        user_id,
        request,
    })
    .await
}
