//! Refusing a head that never became a request: too large, or not written as HTTP/1.1 has it. The refusal has all that
//! others have: CORS headers, a code, an id, a line in the log.

use std::fmt::Write as _;
use std::sync::Arc;

use futures_util::FutureExt as _;
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt as _;
use jiff::fmt::rfc2822::DateTimePrinter;
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use crate::context::RequestContext;
use crate::cors;
use crate::error::{ApiError, ErrorCode};
use crate::http::methods::Methods;
use crate::response::ResponseBody;
use crate::service::dress;
use crate::state::AppState;
use crate::transport::{BadHead, Peer};

/// The most of a path that gets into the log.
const MAX_PATH_BYTES: usize = 256;
/// What stands in no path as it is.
const NO_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'\\');

/// The whole response, as it goes over the connection.
pub(crate) fn refuse_head(
    state: &Arc<AppState>,
    peer: &Arc<Peer>,
    status: StatusCode,
    head: &BadHead,
) -> Vec<u8> {
    let request = request(head);
    let decision = state.cors.decide(request.headers());
    let mut context = RequestContext::begin(&state.shared, peer, &request);
    // A browser reads the refusal of the request itself only if its preflight is let through.
    let mut response = if cors::is_preflight(&request) {
        let (answer, headers) = (&state.cors_answer, request.headers());
        let methods = Methods::usual();
        let to_loopback = peer.came_to_loopback();
        let preflight = cors::preflight(answer, &decision, Some(&methods), headers, to_loopback);
        preflight.map(|()| ResponseBody::empty())
    } else {
        let refusal = refusal(state, status, head);
        context.refused(&refusal);
        refusal.into_response().map(ResponseBody::full)
    };
    dress(state, &mut context, &decision, &mut response);
    let date = context.arrived_at();
    let is_head = *request.method() == Method::HEAD;
    write(response.map(|body| body.closing(context)), date, is_head)
}

fn refusal(state: &AppState, status: StatusCode, head: &BadHead) -> ApiError {
    match status {
        StatusCode::URI_TOO_LONG => ApiError::from(ErrorCode::TargetTooLong),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => ApiError::from(ErrorCode::HeadersTooLarge)
            .with_data("limitBytes", state.head_limit_bytes),
        _ if head.first_line.is_ascii() => ErrorCode::RequestMalformed.into(),
        _ => ApiError::from(ErrorCode::RequestMalformed)
            .with_detail("Its first line holds bytes that have to be percent-encoded."),
    }
}

/// As much of the request as can be told.
fn request(head: &BadHead) -> Request<()> {
    let mut words = head.first_line.split(|byte| *byte == b' ');
    let method = words.next().and_then(|word| Method::from_bytes(word).ok());
    let target = words.next().unwrap_or_default();
    let path = target.split(|byte| matches!(byte, b'?' | b'#')).next();
    let path = path.unwrap_or_default();
    let path = percent_encode(&path[..path.len().min(MAX_PATH_BYTES)], NO_PATH).to_string();
    let mut request = Request::new(());
    *request.method_mut() = method.unwrap_or(Method::GET);
    *request.uri_mut() = path.parse().unwrap_or(Uri::from_static("/"));
    *request.headers_mut() = head.headers.clone();
    request
}

fn write(response: Response<ResponseBody>, date: jiff::Timestamp, is_head: bool) -> Vec<u8> {
    let (head, body) = response.into_parts();
    let body = body.collect().now_or_never().and_then(Result::ok);
    let body = body
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let reason = head.status.canonical_reason().unwrap_or_default();
    let mut text = format!("HTTP/1.1 {} {reason}\r\n", head.status.as_str());
    if let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&date) {
        let _ = write!(text, "date: {date}\r\n");
    }
    let _ = write!(
        text,
        "connection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    let mut bytes = text.into_bytes();
    for (name, value) in &head.headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    bytes.extend_from_slice(b"\r\n");
    if !is_head {
        bytes.extend_from_slice(&body);
    }
    bytes
}
