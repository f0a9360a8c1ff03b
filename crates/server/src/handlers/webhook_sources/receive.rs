//! A request of a source: its body is read whole, and checked.

use std::sync::Arc;

use backlot_outbound::body::{BodyLimits, RequestBody};
use backlot_store::events::UNASSIGNED;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response};

use super::SourcePath;
use crate::context::RequestContext;
use crate::error::ApiError;
use crate::handlers::proxy::Limits;
use crate::response::ResponseBody;
use crate::state::AppState;
use crate::webhook_sources::{WebhookRequest, WebhookSource};

pub(super) async fn receive(
    state: &AppState,
    context: &RequestContext,
    source: &Arc<WebhookSource>,
    request: Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    let outcome = store_events(state, context, source, request).await;
    let (events, name) = (&state.shared.metrics.events, &source.settings.name);
    outcome.inspect_err(|refusal| events.refused(name, refusal.code()))
}

async fn store_events(
    state: &AppState,
    context: &RequestContext,
    source: &Arc<WebhookSource>,
    request: Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    let (head, mut body) = request.into_parts();
    body.limit(BodyLimits {
        bytes: state.webhook_sources.body_bytes,
        idle_timeout: Limits::default().idle_timeout,
    });
    // It is of no instance yet.
    let body = state.buffers.collect(UNASSIGNED, &mut body).await?;
    let root = PathAndQuery::from_static("/");
    let received = WebhookRequest {
        method: &head.method,
        target: head.uri.path_and_query().unwrap_or(&root),
        public_url: &source.public_url,
        headers: &head.headers,
        body: &body,
        now: context.arrived_at(),
    };
    let key = SourcePath::find(&state.webhook_sources, head.uri.path())?.key;
    let response = state
        .webhook_sources
        .receive(source, key, &received)
        .await?;
    let has_type = response.content_type;
    let mut answer = Response::new(ResponseBody::full(response.body));
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(content_type) = has_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    Ok(answer)
}
