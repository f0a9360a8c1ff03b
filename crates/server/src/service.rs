//! A request's way through the public listener, step by step. Every layer is here, in order; why it
//! is one function and not a stack of middleware is in `docs/decisions/0001-one-pipeline.md`.
//!
//! 1. **record**: the request's id and clock start, so that every later step is logged
//! 2. **panic guard**: around all that follows, so that a fault costs one request
//! 3. **head limit**: before anything looks at the head closely
//! 4. **preflight**: before routing and proof, for a browser sends neither; a head past the limit has its own, so that
//!    the page can read the refusal
//! 5. **origin**: before a foreign page can make anything happen
//! 6. **route** and **method**: before proof, so that a wrong path is never called a wrong credential
//! 7. **endpoint**: the row of the route table, with its settings
//! 8. **admission** (`auth/admission.rs`): the caller's credential, role and plan, the rate, the announced body
//! 9. **handler**, with its own deadline
//! 10. **response**: CORS headers and request id on every response, refusals included

use std::borrow::Cow;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use backlot_outbound::body::RequestBody;
use futures_util::FutureExt as _;
use http::header::{CONNECTION, HOST};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use tracing::Instrument as _;

use crate::auth::{Admitted, Authenticator};
use crate::context::RequestContext;
use crate::cors::{self, Decision};
use crate::error::{ApiError, ErrorCode};
use crate::handlers::index::Index;
use crate::handlers::proxy::{self, Limits};
use crate::handlers::{connections, data, health, links, webhook_sources, webhooks, wix};
use crate::http::methods::Methods;
use crate::http::request_head::RequestHead;
use crate::http::request_id::{X_REQUEST_ID, X_WIX_REQUEST_ID};
use crate::response::ResponseBody;
use crate::router::{Endpoint, Router, Target};
use crate::routes::public::FixedEndpoint;
use crate::state::AppState;
use crate::telemetry::log::request_span;
use crate::telemetry::route_group::RouteGroup;
use crate::transport::Peer;

/// The state of the handlers, and what stands before them. Handlers have no way to authenticate a caller themselves.
pub(crate) struct Service {
    pub(crate) state: Arc<AppState>,
    pub(crate) auth: Authenticator,
    pub(crate) router: Router,
    /// The page at `/`.
    pub(crate) index: Index,
}

/// Answers one request. Nothing that a client sends makes this fail.
pub(crate) async fn answer(
    service: Arc<Service>,
    peer: Arc<Peer>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    let state = &service.state;
    let mut context = RequestContext::begin(&state.shared, &peer, &request);
    // From here on, a body that is not needed is drained, so that error responses arrive.
    let limits = Limits::default().body();
    let request = request.map(|body| RequestBody::new(body, limits, state.body_pace));
    let decision = state.cors.decide(request.headers());
    let version = request.version();

    let span = request_span(context.id());
    let work = dispatch(&service, &mut context, &decision, request).instrument(span);
    let outcome = AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(ErrorCode::Internal.into()));
    let mut response = outcome.unwrap_or_else(|refusal| {
        context.refused(&refusal);
        refusal.into_response().map(ResponseBody::full)
    });

    dress(state, &mut context, &decision, &mut response);
    let switching = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    if state.draining.load(Ordering::Relaxed) && version <= Version::HTTP_11 && !switching {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| body.closing(context)))
}

/// Puts on a response what every response has.
pub(crate) fn dress(
    state: &AppState,
    context: &mut RequestContext,
    decision: &Decision,
    response: &mut Response<ResponseBody>,
) {
    let headers = response.headers_mut();
    state
        .cors_answer
        .put_on(headers, decision, context.is_by_caller);
    headers.insert(&X_REQUEST_ID, context.id().header_value());
    if context.record.route_group == RouteGroup::Data {
        // The name under which Wix's own client looks for it.
        headers.insert(&X_WIX_REQUEST_ID, context.id().header_value());
    }
    context.record.status = response.status();
}

async fn dispatch(
    service: &Arc<Service>,
    context: &mut RequestContext,
    decision: &Decision,
    request: Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    let Service {
        state,
        auth,
        router,
        ..
    } = &**service;
    let head = check_head(state, &request);
    if cors::is_preflight(&request) {
        return Ok(preflight(
            service,
            context,
            decision,
            &request,
            head.is_ok(),
        ));
    }
    head?;
    // A form that a provider's page posts is no foreign page's call: its state proves it.
    let is_callback = || {
        let path = request.uri().path();
        connections::is_posted_callback(&state.connections, request.method(), path)
    };
    if *decision == Decision::Refused && !is_callback() {
        return Err(cors::refuse_origin(request.headers()));
    }

    let target = router.find(request.uri().path())?;
    context.record.route_group = target.group();
    context.is_by_caller = target.depends_on_caller();
    if let Some(response) = check_method(router, target, &request)? {
        return Ok(response);
    }
    let endpoint = router.resolve(target, RequestHead::new(&request))?;
    let requirements = router.requirements(&endpoint);
    let head = RequestHead::new(&request);
    let admitted = auth.admit(context, decision, &requirements, head).await;
    match admitted {
        Ok(admitted) => handle(service, context, &endpoint, admitted, request).await,
        Err(refusal) => Err(refusal),
    }
    .map_err(|refusal| endpoint.explain(refusal))
}

/// Runs the endpoint's handler. Futures of most of them lie on the heap: they are large, and others need not carry them.
async fn handle(
    service: &Service,
    context: &mut RequestContext,
    endpoint: &Endpoint<'_>,
    admitted: Admitted,
    mut request: Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    let Service {
        state,
        router,
        index,
        ..
    } = service;
    match endpoint {
        Endpoint::Fixed(route) => match route.endpoint {
            FixedEndpoint::Index => Ok(index.answer(request.headers())),
            FixedEndpoint::Healthz => Ok(health::healthz()),
            FixedEndpoint::Readyz => {
                let draining = state.draining.load(Ordering::Relaxed);
                health::readyz(draining, state.database_answers.load(Ordering::Relaxed))
            }
            FixedEndpoint::Jwks => Ok(health::jwks(state.elevated.jwks())),
            FixedEndpoint::WixWebhook => Box::pin(webhooks::receive_wix(state, &mut request)).await,
            FixedEndpoint::Whoami => {
                let caller = admitted.authenticated()?;
                Ok(health::whoami(&caller))
            }
        },
        Endpoint::Api(entry) => {
            Box::pin(proxy::forward(state, context, entry, admitted, request)).await
        }
        Endpoint::Data(operation) => {
            let (data, caller) = (&router.data, admitted.authenticated()?);
            // By reference: a future holds what it is given by value twice.
            Box::pin(data::handle(state, data, *operation, caller, &mut request)).await
        }
        Endpoint::Links(route) => {
            let (limits, caller) = (router.data.body_limits(), admitted.authenticated()?);
            let handled = links::handle(state, route.endpoint, limits, caller, &mut request);
            Box::pin(handled).await
        }
        Endpoint::Wix(deciders) => {
            let (calls, caller) = (&router.wix, admitted.authenticated()?);
            Box::pin(wix::handle(state, calls, deciders, caller, request)).await
        }
        Endpoint::Call {
            connection, target, ..
        } => {
            let caller = admitted.authenticated()?;
            Box::pin(connections::call(
                state,
                context,
                connection,
                target,
                caller,
                &mut request,
            ))
            .await
        }
        Endpoint::WebhookSource { source, route } => {
            let named = (*source, route.endpoint);
            Box::pin(webhook_sources::handle(
                state, context, named, admitted, request,
            ))
            .await
        }
        Endpoint::Managed {
            connection, route, ..
        } => {
            Box::pin(connections::manage(
                state,
                context,
                connection,
                route.endpoint,
                admitted,
                request,
            ))
            .await
        }
    }
}

/// Answers a preflight. One whose head is too large is let through, so that the page can read the request's refusal.
fn preflight(
    service: &Service,
    context: &RequestContext,
    decision: &Decision,
    request: &Request<RequestBody>,
    has_good_head: bool,
) -> Response<ResponseBody> {
    let Service { state, router, .. } = service;
    let path = request.uri().path();
    let found = has_good_head.then(|| router.find(path).ok()).flatten();
    let methods = match found {
        Some(target) => Some(router.methods(target, path)),
        None if !has_good_head => Some(Cow::Owned(Methods::usual())),
        None => None,
    };
    let headers = request.headers();
    if *decision == Decision::Refused {
        state.refused_preflights.log(headers, path);
    }
    let to_loopback = context.peer().came_to_loopback();
    let (answer, methods) = (&state.cors_answer, methods.as_deref());
    cors::preflight(answer, decision, methods, headers, to_loopback).map(|()| ResponseBody::empty())
}

/// Answers a plain `OPTIONS` and refuses a method that the target does not serve.
fn check_method(
    router: &Router,
    target: Target<'_>,
    request: &Request<RequestBody>,
) -> Result<Option<Response<ResponseBody>>, ApiError> {
    let is_options = request.method() == Method::OPTIONS;
    // Here a call is a method and a path together, and refused as one.
    let is_one = matches!(
        target,
        Target::Wix | Target::Connections | Target::WebhookSources
    );
    if is_one && !is_options {
        return Ok(None);
    }
    let methods = router.methods(target, request.uri().path());
    if methods.contains(request.method()) {
        return Ok(None);
    }
    if is_options {
        return Ok(Some(options(methods.header())));
    }
    Err(ApiError::from(ErrorCode::MethodNotAllowed).allow(methods.header()))
}

/// The listener takes heads of four times this size, so that this refusal can say why.
fn check_head(state: &AppState, request: &Request<RequestBody>) -> Result<(), ApiError> {
    check_host(request)?;
    let target = request
        .uri()
        .path_and_query()
        .map_or(0, |it| it.as_str().len());
    let headers: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if target + headers > state.head_limit_bytes {
        return Err(ApiError::from(ErrorCode::HeadersTooLarge)
            .with_data("limitBytes", state.head_limit_bytes));
    }
    Ok(())
}

/// Of two hosts, the next server may take the other one; a request of HTTP/1.1 has one (RFC 9112, section 3.2).
fn check_host(request: &Request<RequestBody>) -> Result<(), ApiError> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let may_have_none = request.version() != Version::HTTP_11;
    if (hosts.next().is_some() || may_have_none) && hosts.next().is_none() {
        return Ok(());
    }
    Err(ApiError::from(ErrorCode::RequestMalformed)
        .with_detail("It has to name its host, and once."))
}

/// `OPTIONS` that is no preflight: which methods are served.
fn options(methods: &HeaderValue) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
        .headers_mut()
        .insert(http::header::ALLOW, methods.clone());
    response
}
