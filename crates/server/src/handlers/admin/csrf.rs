//! CSRF guard: rejects cross-origin simple requests, which browsers send to loopback without a preflight.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{HOST, ORIGIN};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// A request without `Origin` comes from no page; with one, it must be this listener's own.
pub(crate) async fn check(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_own = headers.get(ORIGIN).is_none_or(|origin| {
        let authority = origin
            .to_str()
            .ok()
            .and_then(|it| it.strip_prefix("http://"));
        authority.is_some() && authority == host
    });
    if is_own {
        return next.run(request).await;
    }
    let remedy = "Only this listener's own pages may do this.\n";
    (StatusCode::FORBIDDEN, remedy).into_response()
}
