//! Handing a request to the upstream, or to the router that is mounted in its place.

use std::pin::pin;
use std::sync::Arc;

use backlot_outbound::body::{Progress, RequestBody, in_response_time};
use backlot_outbound::upstream::{self, HopByHop, UpstreamError};
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use tower::ServiceExt as _;

use super::redirect::Redirects;
use super::rewrite::target;
use super::route::{Destination, Entry};
use super::{cookies, digest, forwarded_headers, identity_headers};
use crate::auth::{Admitted, Authenticated};
use crate::context::RequestContext;
use crate::cors;
use crate::error::{ApiError, ErrorCode};
use crate::extract::caller::Caller;
use crate::extract::connections::Connections;
use crate::extract::items::Items;
use crate::extract::links::Links;
use crate::extract::wix::Wix;
use crate::policy::{AuthPolicy, forged};
use crate::response::ResponseBody;
use crate::state::AppState;

/// Room for the headers that `identity` and `forwarded` add, made once.
const HEADERS_ADDED: usize = 12;

pub(crate) async fn forward(
    state: &Arc<AppState>,
    context: &RequestContext,
    entry: &Entry,
    admitted: Admitted,
    mut request: Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    let caller = admitted.into_caller().map(Authenticated::into_inner);
    let settings = &entry.settings;
    // Whether it was used or a header won over it: an instance in the query goes no further.
    let without_instance = caller.is_some() && !settings.pass_authorization;
    let target =
        target(request.uri(), settings, without_instance).ok_or(ErrorCode::PathNotAllowed)?;

    if matches!(settings.access, AuthPolicy::WixDigest) {
        digest::verify(state, entry, &mut request).await?;
    }
    let asked_host = asked_host(&request);
    request.body_mut().limit(settings.limits.body());
    if let Some(timeout) = settings.limits.body_timeout {
        request.body_mut().limit_time(timeout);
    }
    // Before anything is added: what a client names in `Connection` is taken out here.
    let hop = match settings.destination {
        Destination::Upstream(_) => upstream::take_hop_by_hop(&mut request),
        Destination::Mounted(_) => HopByHop::default(),
    };
    let headers = request.headers_mut();
    let trusted = context.peer().is_trusted();
    let own = &state.instance_headers;
    forged::remove_forged(headers, trusted, &settings.pass_headers, own);
    cookies::join(headers);
    headers.reserve(HEADERS_ADDED);
    if caller.is_some() {
        identity_headers::remove_credential(headers, own, settings.pass_authorization);
    }
    let now = context.arrived_at();
    identity_headers::put_on(
        headers,
        caller.as_deref(),
        context.id(),
        &state.elevated,
        now,
    );
    let stripped = settings.stripped_prefix();
    let address = forwarded_headers::put_on(headers, context.peer(), asked_host, stripped);
    let asked = settings.rewrite_redirects.then(|| target.clone());

    let mut response = match &settings.destination {
        Destination::Upstream(address) => {
            let timeouts = settings.limits.timeouts();
            let client = &state.upstreams;
            let response = upstream::forward(client, address, timeouts, target, hop, request)
                .await
                .map_err(refuse)?;
            if let Some(tunnel) = response.tunnel {
                let connection = Arc::clone(context.connection());
                state.upgraded.spawn(tunnel, caller.as_deref(), connection);
            }
            response.response.map(ResponseBody::upstream)
        }
        Destination::Mounted(router) => {
            let given = caller.map(|caller| HandlerExtensions {
                wix: Arc::new(state.clients.wix(caller.instance_id)),
                items: Arc::new(state.clients.items(&caller)),
                connections: Arc::new(state.clients.connections(&caller)),
                links: Arc::new(state.clients.links(&caller)),
                caller: Caller(caller),
            });
            let router = router.clone();
            Box::pin(call(entry, router, given, target, request)).await?
        }
    };
    cors::strip(response.headers_mut());
    if let Some(asked) = asked {
        let redirects = Redirects {
            upstream: settings.destination.upstream(),
            asked: asked.path(),
            stripped,
            address: &address,
            public_url: state.public_url.as_deref(),
        };
        redirects.rewrite(response.headers_mut());
    }
    Ok(response)
}

/// What a handler in Rust may ask for.
struct HandlerExtensions {
    caller: Caller,
    wix: Arc<Wix>,
    items: Arc<Items>,
    connections: Arc<Connections>,
    links: Arc<Links>,
}

async fn call(
    entry: &Entry,
    router: axum::Router,
    given: Option<HandlerExtensions>,
    target: PathAndQuery,
    mut request: Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    *request.uri_mut() = Uri::from(target);
    if let Some(given) = given {
        let extensions = request.extensions_mut();
        extensions.insert(given.caller);
        extensions.insert(given.wix);
        extensions.insert(given.items);
        extensions.insert(given.connections);
        extensions.insert(given.links);
    }
    let progress = request.body_mut().follow();
    let context = pin!(router.oneshot(request.map(axum::body::Body::new)));
    let timeout = entry.settings.limits.timeout;
    let outcome = in_response_time(context, timeout, progress.as_ref()).await;
    // A handler's extractor knows nothing of limits: it would say 400.
    let fault = progress.as_ref().and_then(Progress::fault);
    match (outcome, fault) {
        (Some(Ok(response)), Some(fault)) if is_error(response.status()) => Err(fault.into()),
        (Some(Ok(response)), _) => Ok(response.map(ResponseBody::mounted)),
        (Some(Err(never)), _) => match never {},
        (None, _) => Err(ErrorCode::UpstreamTimeout.into()),
    }
}

fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

/// The host that the client asked for: the header, or in HTTP/2 the address itself.
fn asked_host(request: &Request<RequestBody>) -> Option<HeaderValue> {
    request.headers().get(HOST).cloned().or_else(|| {
        let authority = request.uri().authority()?;
        HeaderValue::from_str(authority.as_str()).ok()
    })
}

fn refuse(error: UpstreamError) -> ApiError {
    let code = match &error {
        UpstreamError::Unreachable(_) | UpstreamError::AddressRefused { .. } => {
            ErrorCode::UpstreamUnreachable
        }
        UpstreamError::TooSlow => ErrorCode::UpstreamTimeout,
        UpstreamError::Broken(_) => ErrorCode::UpstreamBroken,
        UpstreamError::HeadTooLarge => ErrorCode::UpstreamHeadTooLarge,
        UpstreamError::BadPath => ErrorCode::PathNotAllowed,
        UpstreamError::Body(fault) => return ApiError::from(*fault),
    };
    ApiError::from(code).with_source(error)
}
