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
//! 7. **caller**: the proof
//! 8. **admission**: role, plan, rate
//! 9. **body limit**: as far as the head tells; the rest is counted as it streams
//! 10. **handler**, with its own deadline
//! 11. **reply**: CORS headers and request id on whatever came out, refusals included

use std::borrow::Cow;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use backlot_outbound::body::{RequestBody, announced_bytes};
use futures_util::FutureExt as _;
use http::header::{CONNECTION, HOST, HeaderMap};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;

use backlot_wix::Caller;

use crate::context::RequestContext;
use crate::cors::{self, Decision};
use crate::error::{ApiError, ErrorCode};
use crate::handlers::index::Index;
use crate::handlers::proxy;
use crate::handlers::proxy::{Entry, Limits};
use crate::handlers::{connections, data, health, wix};
use crate::http::methods::Methods;
use crate::http::request_id::{X_REQUEST_ID, X_WIX_REQUEST_ID};
use crate::policy::{AuthPolicy, RateKey};
use crate::response::ResponseBody;
use crate::router::{Route, Routes};
use crate::state::AppState;
use crate::telemetry::route_group::RouteGroup;
use crate::transport::Peer;

/// The state, and the routes that lead to its handlers.
pub(crate) struct Service {
    pub(crate) state: Arc<AppState>,
    pub(crate) routes: Routes,
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
    // From here on a body that nobody wants is read away, so that refusals arrive.
    let limits = Limits::default().body();
    let request = request.map(|body| RequestBody::new(body, limits, state.body_pace));
    let decision = state.cors.decide(request.headers());
    let version = request.version();

    let work = dispatch(&service, &mut context, &decision, request);
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

/// Puts on a reply what every reply has.
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
        routes,
        index,
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

    let route = routes.find(request.uri().path())?;
    context.record.route_group = route.group();
    context.is_by_caller = route.asks_who_calls();
    if let Some(answered) = check_method(routes, &route, &request)? {
        return Ok(answered);
    }

    match route {
        Route::Index => Ok(index.answer(request.headers())),
        Route::Healthz => Ok(health::healthz()),
        Route::Readyz => {
            let draining = state.draining.load(Ordering::Relaxed);
            health::readyz(draining, state.database_answers.load(Ordering::Relaxed))
        }
        Route::Jwks => Ok(health::jwks(state.auth.elevated.jwks())),
        Route::Whoami => {
            let proof = state.auth.verify_locally(context, &request)?;
            let caller = state.auth.authenticate(context, decision, proof).await?;
            Ok(health::whoami(&caller))
        }
        Route::Wix(calls) => {
            let deciders = calls.deciders(request.method(), request.uri().path())?;
            let proof = state.auth.verify_locally(context, &request)?;
            let caller = state.auth.authenticate(context, decision, proof).await?;
            // On the heap, as below: they are large, and other routes need not carry them.
            let caller = Box::pin(wix::with_plan(&state.directory, caller, &deciders)).await?;
            let call = wix::admit(&deciders, &caller)?;
            check_body(calls.body().bytes, request.headers())?;
            Box::pin(wix::handle(state, calls, call, caller, request)).await
        }
        Route::Connections => {
            // By reference: what a future is given by value has its place in it twice.
            let mut request = request;
            Box::pin(connections::handle(state, context, decision, &mut request)).await
        }
        Route::Data(handlers) => {
            // By reference, as above.
            let mut request = request;
            let uri = request.uri();
            let query = uri.query().unwrap_or_default();
            let call = data::Call::find(request.method(), uri.path(), query);
            let call = call.ok_or(ErrorCode::RouteNotFound)?;
            let proof = state.auth.verify_locally_or_api_key(context, &request)?;
            let caller = state.auth.authenticate(context, decision, proof).await?;
            let client = context.client_ip(request.headers());
            Box::pin(data::handle(
                state,
                handlers,
                call,
                caller,
                client,
                &mut request,
            ))
            .await
        }
        Route::Api(entry) => {
            let caller = match entry.access() {
                AuthPolicy::Anybody => None,
                AuthPolicy::Verified(rules) => {
                    let proof = state.auth.verify_locally(context, &request)?;
                    let mut caller = state.auth.authenticate(context, decision, proof).await?;
                    rules.admit_role(&caller)?;
                    if !rules.plans.is_empty() {
                        let plan = |plan: Option<&str>| rules.include(plan);
                        caller = Box::pin(state.directory.with_plan(caller, plan)).await?;
                    }
                    rules.admit(&caller)?;
                    Some(caller)
                }
            };
            check_rate(context, entry, caller.as_deref(), request.headers())?;
            check_body(entry.body_limit(), request.headers())?;
            Box::pin(proxy::forward(state, context, entry, caller, request)).await
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
    let Service { state, routes, .. } = service;
    let path = request.uri().path();
    let found = has_good_head.then(|| routes.find(path).ok()).flatten();
    let methods = match &found {
        Some(route) => Some(routes.methods(route, path)),
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

/// Answers a plain `OPTIONS` and refuses a method that the route does not serve.
fn check_method(
    routes: &Routes,
    route: &Route<'_>,
    request: &Request<RequestBody>,
) -> Result<Option<Response<ResponseBody>>, ApiError> {
    let is_options = request.method() == Method::OPTIONS;
    // Here a call is a method and a path together, and refused as one.
    if matches!(route, Route::Wix(_) | Route::Connections) && !is_options {
        return Ok(None);
    }
    let methods = routes.methods(route, request.uri().path());
    if methods.contains(request.method()) {
        return Ok(None);
    }
    if is_options {
        return Ok(Some(options(methods.header())));
    }
    Err(ApiError::from(ErrorCode::MethodNotAllowed).allow(methods.header()))
}

/// Counts the request against the entry's rate.
fn check_rate(
    context: &RequestContext,
    entry: &Entry,
    caller: Option<&Caller>,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    let Some(limiter) = &entry.limiter else {
        return Ok(());
    };
    limiter.check(match caller {
        Some(caller) => RateKey::from(caller.instance_id),
        None => RateKey::from(context.client_ip(headers)),
    })
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

fn check_body(limit: u64, headers: &HeaderMap) -> Result<(), ApiError> {
    if announced_bytes(headers).is_some_and(|bytes| bytes > limit) {
        return Err(ApiError::from(ErrorCode::BodyTooLarge).with_data("limitBytes", limit));
    }
    Ok(())
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
