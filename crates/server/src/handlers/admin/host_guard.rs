//! Accepts only requests whose host name always means this machine.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::Uri;
use http::header::HOST;

/// The names that may be asked for.
#[derive(Debug, Clone)]
pub struct HostGuard {
    names: Arc<Vec<String>>,
}

impl HostGuard {
    /// Loopback's names and the address that is listened on.
    pub fn new(address: SocketAddr) -> Self {
        let mut names = vec![
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
            "[::1]".to_owned(),
        ];
        names.push(match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        });
        Self {
            names: Arc::new(names),
        }
    }

    fn admits(&self, request: &Request) -> bool {
        let header = request
            .headers()
            .get(HOST)
            .and_then(|host| host.to_str().ok());
        let asked = header
            .and_then(|host| host.parse::<Uri>().ok())
            .filter(|uri| uri.authority().is_some_and(|it| !it.as_str().contains('@')))
            .and_then(|uri| uri.host().map(str::to_owned))
            .or_else(|| request.uri().host().map(str::to_owned));
        asked.is_some_and(|asked| {
            self.names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(&asked))
        })
    }
}

/// Puts the guard before a router.
pub fn guarded(router: Router, guard: HostGuard) -> Router {
    router.layer(middleware::from_fn_with_state(guard, check))
}

/// The middleware.
async fn check(State(guard): State<HostGuard>, request: Request, next: Next) -> Response {
    if guard.admits(&request) {
        return next.run(request).await;
    }
    let remedy = "Ask for this page as localhost, 127.0.0.1 or [::1].\n";
    (StatusCode::MISDIRECTED_REQUEST, remedy).into_response()
}
