//! Handing a request to the upstream, or to the router that is mounted in its place.

use std::pin::pin;
use std::sync::Arc;

use backlot_outbound::body::{Progress, RequestBody, in_reply_time};
use backlot_outbound::upstream::{self, HopByHop, UpstreamError};
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use tower::ServiceExt as _;

use super::redirect::Redirects;
use super::rewrite::target;
use super::route::{Destination, Entry};
use super::{cookies, forwarded_headers, identity_headers};
use crate::context::Exchange;
use crate::cors;
use crate::error::{Code, Refusal};
use crate::extract::caller::Caller;
use crate::extract::connections::Connections;
use crate::extract::items::Items;
use crate::extract::wix::Wix;
use crate::policy::forged;
use crate::response::ReplyBody;
use crate::state::House;

/// Room for the headers that `identity` and `forwarded` add, made once.
const HEADERS_ADDED: usize = 12;

pub(crate) async fn enter(
    house: &Arc<House>,
    exchange: &Exchange,
    entry: &Entry,
    caller: Option<Arc<backlot_wix::Caller>>,
    mut request: Request<RequestBody>,
) -> Result<Response<ReplyBody>, Refusal> {
    let settings = &entry.settings;
    // Whether it was used or a header won over it: an instance in the query goes no further.
    let without_instance = caller.is_some() && !settings.pass_authorization;
    let target = target(request.uri(), settings, without_instance).ok_or(Code::PathNotAllowed)?;

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
    let trusted = exchange.peer().is_trusted();
    let own = &house.auth.instance_headers;
    forged::remove_forged(headers, trusted, &settings.pass_headers, own);
    cookies::join(headers);
    headers.reserve(HEADERS_ADDED);
    if caller.is_some() {
        identity_headers::remove_credential(headers, own, settings.pass_authorization);
    }
    let now = exchange.arrived_at();
    identity_headers::put_on(
        headers,
        caller.as_deref(),
        exchange.id(),
        &house.auth.elevated,
        now,
    );
    let stripped = settings.stripped_prefix();
    let address = forwarded_headers::put_on(headers, exchange.peer(), asked_host, stripped);
    let asked = settings.rewrite_redirects.then(|| target.clone());

    let mut response = match &settings.destination {
        Destination::Upstream(address) => {
            let patience = settings.limits.patience();
            let client = &house.upstreams;
            let reply = upstream::forward(client, address, patience, target, hop, request)
                .await
                .map_err(refuse)?;
            if let Some(tunnel) = reply.tunnel {
                let connection = Arc::clone(exchange.connection());
                house.tunnels.spawn(tunnel, caller.as_deref(), connection);
            }
            reply.response.map(ReplyBody::upstream)
        }
        Destination::Mounted(router) => {
            let guest = caller.map(|caller| Guest {
                wix: Arc::new(house.wix_handle(caller.instance_id)),
                items: Arc::new(house.items_handle(&caller)),
                connections: Arc::new(house.connections_handle(&caller)),
                caller: Caller(caller),
            });
            let router = router.clone();
            Box::pin(call(entry, router, guest, target, request)).await?
        }
    };
    cors::strip(response.headers_mut());
    if let Some(asked) = asked {
        let redirects = Redirects {
            upstream: settings.destination.upstream(),
            asked: asked.path(),
            stripped,
            address: &address,
            public_url: house.public_url.as_deref(),
        };
        redirects.rewrite(response.headers_mut());
    }
    Ok(response)
}

/// What a handler in Rust may ask for.
struct Guest {
    caller: Caller,
    wix: Arc<Wix>,
    items: Arc<Items>,
    connections: Arc<Connections>,
}

async fn call(
    entry: &Entry,
    router: axum::Router,
    guest: Option<Guest>,
    target: PathAndQuery,
    mut request: Request<RequestBody>,
) -> Result<Response<ReplyBody>, Refusal> {
    *request.uri_mut() = Uri::from(target);
    if let Some(guest) = guest {
        let extensions = request.extensions_mut();
        extensions.insert(guest.caller);
        extensions.insert(guest.wix);
        extensions.insert(guest.items);
        extensions.insert(guest.connections);
    }
    let progress = request.body_mut().follow();
    let exchange = pin!(router.oneshot(request.map(axum::body::Body::new)));
    let patience = entry.settings.limits.timeout;
    let outcome = in_reply_time(exchange, patience, progress.as_ref()).await;
    // A handler's extractor knows nothing of limits: it would say 400.
    let fault = progress.as_ref().and_then(Progress::fault);
    match (outcome, fault) {
        (Some(Ok(response)), Some(fault)) if is_error(response.status()) => Err(fault.into()),
        (Some(Ok(response)), _) => Ok(response.map(ReplyBody::mounted)),
        (Some(Err(never)), _) => match never {},
        (None, _) => Err(Code::UpstreamTimeout.into()),
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

fn refuse(error: UpstreamError) -> Refusal {
    let code = match &error {
        UpstreamError::Unreachable(_) | UpstreamError::AddressRefused { .. } => {
            Code::UpstreamUnreachable
        }
        UpstreamError::TooSlow => Code::UpstreamTimeout,
        UpstreamError::Broken(_) => Code::UpstreamBroken,
        UpstreamError::HeadTooLarge => Code::UpstreamHeadTooLarge,
        UpstreamError::BadPath => Code::PathNotAllowed,
        UpstreamError::Body(fault) => return Refusal::from(*fault),
    };
    Refusal::from(code).because(error)
}
