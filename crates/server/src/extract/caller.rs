//! The caller as an extractor, for routers that are mounted in `[[api]]`'s place.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use http::request::Parts;

use crate::error::{ApiError, ErrorCode};

/// The verified caller of a request. A handler that takes one can only run for a request that
/// proved itself; `Option<Caller>` is for entries with `auth = "none"`.
///
/// ```
/// use backlot_server::Caller;
///
/// async fn greet(caller: Caller) -> String {
///     format!("Hello, {} of {}", caller.role, caller.instance_id)
/// }
/// let router: axum::Router = axum::Router::new().route("/api/greet", axum::routing::get(greet));
/// ```
#[derive(Debug, Clone)]
pub struct Caller(pub(crate) Arc<backlot_wix::Caller>);

impl Deref for Caller {
    type Target = backlot_wix::Caller;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// There is no verified caller: the handler stands behind an entry with `auth = "none"`, or outside
/// of Backlot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerMissing;

impl IntoResponse for CallerMissing {
    fn into_response(self) -> Response {
        ApiError::from(ErrorCode::CredentialMissing)
            .into_response()
            .map(axum::body::Body::from)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = CallerMissing;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, CallerMissing> {
        parts.extensions.get().cloned().ok_or(CallerMissing)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Caller {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        _state: &S,
    ) -> Result<Option<Self>, Self::Rejection> {
        Ok(parts.extensions.get().cloned())
    }
}
