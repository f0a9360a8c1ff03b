//! A call to a third party, and its response.

use std::sync::Arc;

use backlot_outbound::body::{CallBody, RequestBody};
use backlot_outbound::hop_by_hop;
use http::header::{ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue};
use http::{Request, Response, Uri};

use crate::auth::{Authenticated, remove_instance};
use crate::connections::{Connection, IncomingCall, ThirdPartyCall};
use crate::context::RequestContext;
use crate::cors;
use crate::echo_marks::{self, WriteOutcome};
use crate::error::ApiError;
use crate::handlers::buffer::read_small;
use crate::http::request_head::RequestHead;
use crate::policy::forged;
use crate::response::ResponseBody;
use crate::state::AppState;

/// Makes one call.
pub(crate) async fn call(
    state: &AppState,
    context: &RequestContext,
    connection: &Arc<Connection>,
    target: &CallTarget,
    caller: Authenticated,
    request: &mut Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    request.body_mut().limit(connection.settings.body());
    let echo = echo_marks::take_entity(request.headers_mut(), &caller)?;
    let all = &state.connections;
    let directory = &state.directory;
    hop_by_hop::remove(request.headers_mut());
    // A connection may hand on headers by how their names begin.
    forged::remove_instance_headers(request.headers_mut(), &state.instance_headers);
    let mut body = std::mem::replace(request.body_mut(), RequestBody::empty());
    let (buffers, instance_id) = (&state.buffers, caller.instance_id);
    let body = if connection.settings.auth.needs_body() {
        let whole = Box::pin(buffers.collect(instance_id, &mut body));
        CallBody::Ready(whole.await?)
    } else {
        read_small(buffers, instance_id, request.headers(), body).await?
    };
    let mut incoming = IncomingCall {
        call: target.call(RequestHead::new(request)),
        headers: request.headers(),
        body,
        started: context.started(),
    };
    let method = request.method();
    let echo_mark = state.echo_marks.insert(instance_id, echo, method).await?;
    let outcome = all
        .send(connection, directory, &caller, &mut incoming)
        .await;
    let outcome = echo_marks::settle(echo_mark, outcome, WriteOutcome::of_connection).await;
    let mut response = outcome?.map(ResponseBody::third_party);
    let headers = response.headers_mut();
    cors::strip(headers);
    // A page may read all that the configuration lets come back; browsers show few headers by themselves.
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    Ok(response)
}

/// The call that a request is.
pub(crate) struct CallTarget {
    /// Where the third party's path begins in the request's.
    path_start: usize,
    /// The query without an instance, if the request's has one.
    query: Option<String>,
}

impl CallTarget {
    /// Takes the address of a request, and the third party's path at its end.
    pub(crate) fn new(uri: &Uri, path: &str) -> Self {
        Self {
            path_start: uri.path().len() - path.len(),
            query: remove_instance(uri.query().unwrap_or_default()),
        }
    }

    pub(crate) fn call<'request>(
        &'request self,
        request: RequestHead<'request>,
    ) -> ThirdPartyCall<'request> {
        ThirdPartyCall {
            method: request.method,
            path: &request.uri.path()[self.path_start..],
            query: self
                .query
                .as_deref()
                .or(request.uri.query())
                .unwrap_or_default(),
        }
    }
}
