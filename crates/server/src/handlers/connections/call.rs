//! A call: proven, admitted, sent, and handed back. Paths of ours are answered by [`super::manage`].

use std::sync::Arc;

use backlot_outbound::body::{CallBody, RequestBody, announced_bytes};
use backlot_outbound::hop_by_hop;
use http::header::{ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue};
use http::{Request, Response};

use super::manage;
use super::path::{Own, Place};
use crate::auth::remove_instance;
use crate::connections::{CallPlace, Connection, CredentialSettings, Incoming};
use crate::context::RequestContext;
use crate::cors::{self, Decision};
use crate::error::{ApiError, ErrorCode, ErrorKind};
use crate::handlers::buffer::read_small;
use crate::policy::forged;
use crate::response::ResponseBody;
use crate::state::AppState;

/// Answers one request.
pub(crate) async fn handle(
    state: &AppState,
    context: &mut RequestContext,
    decision: &Decision,
    request: &mut Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    let path = request.uri().path();
    let place = Place::find(&state.connections, path)?;
    let (own, rest) = (place.own(), path.len() - place.rest.len());
    let is_of_another_kind = own.is_none() && Own::named(place.rest).is_some();
    let connection = place.connection;
    let answer = answer(state, context, decision, request, (&connection, own, rest));
    answer.await.map_err(|refusal| {
        let is_listed = refusal.code() != ErrorKind::Own(ErrorCode::ConnectionCallNotAllowed);
        if is_of_another_kind && !is_listed {
            connection.of_another_kind(refusal)
        } else {
            connection.explain(refusal)
        }
    })
}

async fn answer(
    state: &AppState,
    context: &mut RequestContext,
    decision: &Decision,
    request: &mut Request<RequestBody>,
    (connection, own, rest): (&Arc<Connection>, Option<Own>, usize),
) -> Result<Response<ResponseBody>, ApiError> {
    request.body_mut().limit(connection.settings.body());
    if let Some(own) = own {
        let request = std::mem::replace(request, Request::new(RequestBody::empty()));
        // On the heap: calls need not carry it.
        let answer = manage::answer(state, context, decision, connection, own, request);
        return Box::pin(answer).await;
    }
    let cleaned = remove_instance(request.uri().query().unwrap_or_default());
    // A call that nobody may make is not taken for a wrong credential.
    let deciders = connection.deciders(&call(request, rest, cleaned.as_deref()))?;
    let verdict = state.auth.verify_locally(context, request)?;
    let caller = state.auth.authenticate(context, decision, verdict).await?;
    let all = &state.connections;
    let directory = &state.directory;
    let caller = all.admit(connection, &deciders, directory, caller).await?;
    check_announced(connection, request)?;
    hop_by_hop::remove(request.headers_mut());
    // A connection may hand on headers by how their names begin.
    forged::remove_instance_headers(request.headers_mut(), &state.auth.instance_headers);
    let mut body = std::mem::replace(request.body_mut(), RequestBody::empty());
    let body = match &connection.settings.credential {
        CredentialSettings::Signature(template, _) if template.needs_body() => {
            let whole = Box::pin(state.buffers.collect(caller.instance_id, &mut body));
            CallBody::Ready(whole.await?)
        }
        _ => {
            let buffers = &state.buffers;
            read_small(buffers, caller.instance_id, request.headers(), body).await?
        }
    };
    let mut incoming = Incoming {
        place: call(request, rest, cleaned.as_deref()),
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

/// Which call it is: the path from `rest` on, and the query without an instance.
fn call<'request>(
    request: &'request Request<RequestBody>,
    rest: usize,
    cleaned: Option<&'request str>,
) -> CallPlace<'request> {
    let uri = request.uri();
    CallPlace {
        method: request.method(),
        path: &uri.path()[rest..],
        query: cleaned.or(uri.query()).unwrap_or_default(),
    }
}

fn check_announced(
    connection: &Connection,
    request: &Request<RequestBody>,
) -> Result<(), ApiError> {
    let limit = connection.settings.body_bytes;
    if announced_bytes(request.headers()).is_some_and(|bytes| bytes > limit) {
        return Err(ApiError::from(ErrorCode::BodyTooLarge).with_data("limitBytes", limit));
    }
    Ok(())
}
