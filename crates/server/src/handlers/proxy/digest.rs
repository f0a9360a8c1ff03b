//! `auth = "wix_digest"`: requests of Wix other than webhooks, such as those to payment providers. Their `digest` header
//! is signed over the body, which is therefore read whole before it is forwarded.

use backlot_outbound::body::RequestBody;
use backlot_store::events::UNASSIGNED;
use http::Request;

use super::route::Entry;
use crate::error::ApiError;
use crate::state::AppState;

/// Reads the body, and verifies it.
pub(super) async fn verify(
    state: &AppState,
    entry: &Entry,
    request: &mut Request<RequestBody>,
) -> Result<(), ApiError> {
    let limits = entry.settings.limits;
    let body = request.body_mut();
    body.limit(limits.body());
    if let Some(timeout) = limits.body_timeout {
        body.limit_time(timeout);
    }
    let bytes = Box::pin(state.buffers.collect(UNASSIGNED, body)).await?;
    state.intake.check_digest(request.headers(), &bytes)?;
    *request.body_mut() = RequestBody::ready(bytes);
    Ok(())
}
