//! The extractor.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use backlot_wix::{Caller, Role};
use http::Method;
use http::request::Parts;

use super::ConnectionCall;
use crate::connections;
use crate::echo_marks::EchoMarks;
use crate::extract::caller::CallerMissing;
use crate::instances::InstanceDirectory;

/// Calls third parties by the `[[connection]]` entries, with the rights of the verified caller.
///
/// ```
/// use backlot_server::{ConnectionCallError, Connections};
///
/// async fn answer(connections: Connections) -> Result<axum::Json<serde_json::Value>, ConnectionCallError> {
///     let question = serde_json::json!({
///         "model": "gpt-5-mini", "messages": [{ "role": "user", "content": "Hello!" }],
///     });
///     let call = connections.as_app().post("openai", "/v1/chat/completions");
///     Ok(axum::Json(call.json(&question).send().await?.json().await?))
/// }
/// let router: axum::Router =
///     axum::Router::new().route("/api/answer", axum::routing::post(answer));
/// ```
#[derive(Clone)]
pub struct Connections {
    pub(crate) all: Arc<connections::Connections>,
    pub(crate) directory: InstanceDirectory,
    pub(crate) echo_marks: EchoMarks,
    pub(crate) caller: Arc<Caller>,
}

impl std::fmt::Debug for Connections {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Caller {
            instance_id, role, ..
        } = &*self.caller;
        write!(formatter, "Connections({instance_id} as {role})")
    }
}

impl Connections {
    pub(crate) const fn new(
        all: Arc<connections::Connections>,
        directory: InstanceDirectory,
        echo_marks: EchoMarks,
        caller: Arc<Caller>,
    ) -> Self {
        Self {
            all,
            directory,
            echo_marks,
            caller,
        }
    }

    /// The same with the rights of the app itself: the calls that `allow = ["app"]` names.
    #[must_use]
    pub fn as_app(&self) -> Self {
        let mut other = self.clone();
        let mut caller = Caller::clone(&self.caller);
        caller.role = Role::App;
        other.caller = Arc::new(caller);
        other
    }

    /// `GET path` of a connection. The path may have a query.
    pub fn get(&self, connection: &str, path: &str) -> ConnectionCall {
        self.call(connection, Method::GET, path)
    }

    /// `POST path` of a connection.
    pub fn post(&self, connection: &str, path: &str) -> ConnectionCall {
        self.call(connection, Method::POST, path)
    }

    /// Any method.
    pub fn call(&self, connection: &str, method: Method, path: &str) -> ConnectionCall {
        ConnectionCall::new(self.clone(), connection, method, path)
    }
}

impl<S: Sync> FromRequestParts<S> for Connections {
    type Rejection = CallerMissing;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, CallerMissing> {
        let handle: Option<&Arc<Self>> = parts.extensions.get();
        handle
            .map(|handle| Self::clone(handle))
            .ok_or(CallerMissing)
    }
}
