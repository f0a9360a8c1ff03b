//! A call to Wix, and its response.

use backlot_outbound::body::RequestBody;
use backlot_outbound::hop_by_hop;
use backlot_outbound::wix::{Priority, Subject, WixRequest};
use backlot_wix::Caller;
use http::uri::PathAndQuery;
use http::{Request, Response, Uri};

use super::allow_list::{AllowedCall, OnBehalfOf, WixCalls, wix_path};
use crate::auth::{Authenticated, remove_instance};
use crate::cors;
use crate::echo_marks::{self, WriteOutcome};
use crate::error::{ApiError, ErrorCode};
use crate::handlers::buffer::read_small;
use crate::http::wix_headers;
use crate::policy::Deciders;
use crate::response::ResponseBody;
use crate::state::AppState;

pub(crate) async fn handle(
    state: &AppState,
    calls: &WixCalls,
    deciders: &Deciders<'_, AllowedCall>,
    caller: Authenticated,
    mut request: Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    request.body_mut().limit(calls.body());
    hop_by_hop::remove(request.headers_mut());
    let target = target(request.uri()).ok_or(ErrorCode::PathNotAllowed)?;
    let line = deciders
        .admit(&caller)?
        .ok_or(ErrorCode::WixCallNotAllowed)?;
    let echo = echo_marks::take_entity(request.headers_mut(), &caller)?;
    let subject = subject(state, &line.on_behalf_of, &caller).await?;
    let (parts, body) = request.into_parts();
    let buffers = &state.buffers;
    let body = read_small(buffers, caller.instance_id, &parts.headers, body).await?;
    let echo_mark = state
        .echo_marks
        .insert(caller.instance_id, echo, &parts.method)
        .await?;
    let call = WixRequest {
        subject,
        method: parts.method,
        target,
        headers: wix_headers::to_wix(&parts.headers),
        body,
        priority: if caller.role.has_owner_rights() {
            Priority::Interactive
        } else {
            Priority::Public
        },
    };
    let outcome = state.wix.send(call).await;
    let outcome = echo_marks::settle(echo_mark, outcome, WriteOutcome::of_wix).await;
    let mut response = outcome?.map(ResponseBody::wix);
    wix_headers::from_wix(response.headers_mut());
    cors::strip(response.headers_mut());
    Ok(response)
}

/// The path and query at Wix, without a credential in the query.
fn target(uri: &Uri) -> Option<PathAndQuery> {
    let path = wix_path(uri.path())?;
    let cleaned = uri.query().and_then(remove_instance);
    match cleaned.as_deref().or_else(|| uri.query()) {
        Some(query) if !query.is_empty() => format!("{path}?{query}").parse().ok(),
        _ => path.parse().ok(),
    }
}

async fn subject(
    state: &AppState,
    behalf: &OnBehalfOf,
    caller: &Caller,
) -> Result<Subject, ApiError> {
    match behalf {
        OnBehalfOf::App => Ok(Subject::App(caller.instance_id)),
        OnBehalfOf::Account(id) => Ok(Subject::Account((&**id).into())),
        OnBehalfOf::Site => {
            if let Some(id) = &caller.site_id {
                return Ok(Subject::Site(id.clone()));
            }
            let details = state.directory.get(caller.instance_id).await?;
            let id = details.answer.site.site_id.as_deref();
            let unknown = || ApiError::from(ErrorCode::SiteUnknown).retry_after(60);
            id.map(|id| Subject::Site(id.into())).ok_or_else(unknown)
        }
    }
}
