//! The path of a call: read, recorded, delayed, served, and sometimes broken off.

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use super::{body, endpoints, refusal};
use crate::Stage;
use crate::memory::{Arrived, Seen};

/// Larger than anything Wix takes.
const MAX_BODY: usize = 16 * 1024 * 1024;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-wix-request-id");

/// The response of an endpoint, and the subject of the call.
pub(super) struct Answer {
    pub(super) response: Response,
    pub(super) seen: Seen,
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self {
            response,
            seen: Seen::default(),
        }
    }
}

/// Returns whether a request may be meant for Wix: it has a credential, or its path contains a version, as those of Wix's
/// APIs do.
pub(crate) fn may_be_a_call(request: &Request) -> bool {
    let path = request.uri().path();
    let is_version = |name: &str| {
        let number = name.strip_prefix('v').unwrap_or_default();
        !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit())
    };
    request.headers().contains_key(AUTHORIZATION)
        || ["/oauth2/", "/_api/"].iter().any(|it| path.starts_with(it))
        || path.split('/').any(is_version)
}

/// Handles every call except those to the simulator's own pages and API.
pub(crate) async fn answer(State(stage): State<Stage>, request: Request) -> Response {
    let (call, is_whole) = take(request).await;
    let entry = call.record((stage.now)(), stage.secret.reveal());
    let number = stage.memory.calls.lock().enter(entry);
    let mishap = stage.memory.faults.lock().next(call.uri.path());
    if !mishap.wait.is_zero() {
        tokio::time::sleep(mishap.wait).await;
    }
    let Answer { mut response, seen } = match mishap.failure {
        Some(status) => refusal::failure(status).into(),
        None if !is_whole => too_large().into(),
        None => endpoints::answer(&stage, &call).await,
    };
    let status = response.status().as_u16();
    stage.memory.calls.lock().answered(number, status, seen);
    if let Ok(id) = HeaderValue::from_str(&(stage.guid)().hyphenated().to_string()) {
        response.headers_mut().insert(&REQUEST_ID, id);
    }
    if mishap.breaks_off {
        return body::broken_off(response).await;
    }
    response
}

async fn take(request: Request) -> (Arrived, bool) {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await;
    let is_whole = body.is_ok();
    let call = Arrived {
        method: head.method,
        uri: head.uri,
        headers: head.headers,
        body: body.unwrap_or_default(),
    };
    (call, is_whole)
}

/// A client that stopped sending does not read it.
fn too_large() -> Response {
    refusal::refuse(
        StatusCode::PAYLOAD_TOO_LARGE,
        "PAYLOAD_TOO_LARGE",
        "The body is larger than anything Wix takes.",
    )
}
