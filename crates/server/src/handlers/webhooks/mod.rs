//! `POST /webhooks`: events of Wix.

use backlot_outbound::body::{BodyLimits, RequestBody};
use backlot_store::events::UNASSIGNED;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Request, Response};

use crate::error::ApiError;
use crate::events::WIX_SOURCE;
use crate::handlers::proxy::Limits;
use crate::response::ResponseBody;
use crate::state::AppState;

/// Stores an event of Wix, whatever the content type of the request. It is on disk before the response.
pub(crate) async fn receive_wix(
    state: &AppState,
    request: &mut Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    let outcome = store_event(state, request).await;
    let events = &state.shared.metrics.events;
    outcome.inspect_err(|refusal| events.refused(WIX_SOURCE, refusal.code()))
}

async fn store_event(
    state: &AppState,
    request: &mut Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    let body = request.body_mut();
    body.limit(BodyLimits {
        bytes: state.events.body_bytes,
        ..Limits::default().body()
    });
    // Whose event it is says the body, once it is verified.
    let body = state.buffers.collect(UNASSIGNED, body).await?;
    state.intake.receive_wix(&body).await?;
    let mut response = Response::new(ResponseBody::full(Bytes::from_static(b"{}")));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
