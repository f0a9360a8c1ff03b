//! A call to a third party, and its response.

use std::sync::Arc;

use backlot_outbound::body::{CallBody, RequestBody};
use backlot_outbound::hop_by_hop;
use http::header::{ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue};
use http::{Request, Response};

use crate::auth::{Authenticated, remove_instance};
use crate::connections::{AllowedCall, CallPlace, Connection, IncomingCall};
use crate::context::RequestContext;
use crate::cors;
use crate::error::ApiError;
use crate::handlers::buffer::read_small;
use crate::http::request_head::RequestHead;
use crate::policy::{Deciders, forged};
use crate::response::ResponseBody;
use crate::state::AppState;

/// Makes one call. `path_start` is where the third party's path begins in the request's.
pub(crate) async fn call(
    state: &AppState,
    context: &RequestContext,
    connection: &Arc<Connection>,
    path_start: usize,
    caller: Authenticated,
    request: &mut Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    request.body_mut().limit(connection.settings.body());
    let cleaned = remove_instance(request.uri().query().unwrap_or_default());
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
        place: place(RequestHead::new(request), path_start, cleaned.as_deref()),
        headers: request.headers(),
        body,
        started: context.started(),
    };
    let reply = all
        .send(connection, directory, &caller, &mut incoming)
        .await?;
    let mut response = reply.map(ResponseBody::third_party);
    let headers = response.headers_mut();
    cors::strip(headers);
    // A page may read all that the configuration lets come back; browsers show few headers by themselves.
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    Ok(response)
}

/// Returns the lines that decide about a call. A call that no caller may make is refused before any credential is read, so
/// that the refusal does not look like a wrong credential.
pub(crate) fn deciders<'connection>(
    connection: &'connection Connection,
    request: RequestHead<'_>,
    path_start: usize,
) -> Result<Deciders<'connection, AllowedCall>, ApiError> {
    let cleaned = remove_instance(request.uri.query().unwrap_or_default());
    connection.deciders(&place(request, path_start, cleaned.as_deref()))
}

/// Returns the call that a request is: the path from `path_start` on, and the query without an instance.
fn place<'request>(
    request: RequestHead<'request>,
    path_start: usize,
    cleaned: Option<&'request str>,
) -> CallPlace<'request> {
    CallPlace {
        method: request.method,
        path: &request.uri.path()[path_start..],
        query: cleaned.or(request.uri.query()).unwrap_or_default(),
    }
}
