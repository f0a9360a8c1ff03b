//! Preflights: the browser asks before it sends.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::{Method, Request, Response, StatusCode};

use super::{CorsHeaders, Decision};
use crate::http::methods::Methods;

static REQUEST_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-request-private-network");
static ALLOW_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-allow-private-network");

/// What a preflight's answer depends on.
const VARIES_BY: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

pub(crate) fn is_preflight<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answers with 204. A page that is not on the list gets no CORS header at all. A path that serves
/// nothing names no methods; a browser then still sends `GET` and `POST`, so that the page reads
/// the 404 and why.
///
/// `to_loopback` says that the request came in on a loopback address: pages of the public web may
/// only reach those if a header tells Chrome that this is intended.
pub(crate) fn preflight(
    answer: &CorsHeaders,
    decision: &Decision,
    methods: Option<&Methods>,
    request: &HeaderMap,
    to_loopback: bool,
) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static(VARIES_BY));
    if matches!(decision, Decision::Refused) {
        return response;
    }
    if let Some(methods) = methods.filter(|methods| !methods.is_empty()) {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods.header().clone());
    }
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, answer.allow_headers.clone());
    headers.insert(ACCESS_CONTROL_MAX_AGE, answer.max_age.clone());
    if to_loopback
        && request
            .get(&REQUEST_PRIVATE_NETWORK)
            .is_some_and(|value| value == "true")
    {
        headers.insert(&ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
        headers.append(
            VARY,
            HeaderValue::from_static("Access-Control-Request-Private-Network"),
        );
    }
    response
}
