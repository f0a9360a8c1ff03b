//! Forwarding one request.

use std::pin::pin;
use std::time::Duration;

use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::uri::PathAndQuery;
use http::{Method, Request, Response, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;

use super::response_stream::ResponseStream;
use super::send::send;
use super::tunnel::Tunnel;
use super::{Address, Client, Lease, MAX_RESPONSE_HEAD_BYTES, MAX_RESPONSE_HEADERS, UpstreamError};
use crate::body::{RequestBody, in_response_time};
use crate::hop_by_hop;

/// What came back.
pub struct UpstreamResponse {
    /// The response, its hop-by-hop headers removed.
    pub response: Response<ResponseStream>,
    /// What to run beside it when both sides switched to another protocol (status 101).
    pub tunnel: Option<Tunnel>,
    is_chunked: bool,
}

impl UpstreamResponse {
    /// The request had a body, which may not have been read.
    fn after_a_body(self) -> Self {
        let headers = self.response.headers();
        let has_end = headers.contains_key(CONTENT_LENGTH) || self.is_chunked;
        if has_end {
            return self;
        }
        Self {
            response: self.response.map(ResponseStream::may_end_by_reset),
            ..self
        }
    }
}

/// How long an upstream may take.
#[derive(Debug, Clone, Copy)]
pub struct UpstreamTimeouts {
    /// The time until the head of the response.
    pub head: Duration,
    /// The time between two pieces of the response's body.
    pub idle: Duration,
}

impl Client {
    /// Sends a request of this server, not one that is forwarded.
    pub(crate) fn send<'exchange>(
        &'exchange self,
        address: &'exchange Address,
        timeouts: UpstreamTimeouts,
        target: PathAndQuery,
        request: Request<RequestBody>,
    ) -> impl Future<Output = Result<UpstreamResponse, UpstreamError>> + Send + 'exchange {
        forward(
            self,
            address,
            timeouts,
            target,
            HopByHop::default(),
            request,
        )
    }
}

/// The switch to another protocol that a request asks for, as WebSocket clients do.
struct Upgrade {
    protocol: HeaderValue,
    client_end: OnUpgrade,
}

/// Headers for the client's own connection that the next connection needs, too.
#[derive(Default)]
pub struct HopByHop {
    upgrade: Option<Upgrade>,
    /// `TE: trailers`.
    takes_trailers: bool,
}

/// Takes the hop-by-hop headers out of a request, and the switch of protocols they may ask for.
///
/// To be called before any header is added that matters: a client may name any header in its
/// `Connection`, and what is named there is taken out.
pub fn take_hop_by_hop<B: http_body::Body>(request: &mut Request<B>) -> HopByHop {
    let takes_trailers = hop_by_hop::takes_trailers(request.headers());
    let upgrade = hop_by_hop::asks_for_websocket(request).then(|| {
        let protocol = request.headers().get(UPGRADE).cloned();
        (protocol, hyper::upgrade::on(&mut *request))
    });
    hop_by_hop::remove(request.headers_mut());
    let upgrade = upgrade.and_then(|(protocol, client_end)| {
        Some(Upgrade {
            protocol: protocol?,
            client_end,
        })
    });
    HopByHop {
        upgrade,
        takes_trailers,
    }
}

/// Hands `request` on to `target` (the path and query to ask for) at `address`. `Host` becomes the
/// upstream's.
///
/// A request without a body that may be repeated is sent once more when the pooled connection turns
/// out to have been closed.
pub fn forward<'exchange>(
    client: &'exchange Client,
    address: &'exchange Address,
    timeouts: UpstreamTimeouts,
    target: PathAndQuery,
    hop: HopByHop,
    mut request: Request<RequestBody>,
) -> impl Future<Output = Result<UpstreamResponse, UpstreamError>> + Send + 'exchange {
    // No `async fn`: it would have a place for the request as it is given, and one for it as it is sent.
    let made = make(address, target, &hop, &mut request);
    let upgrade = hop.upgrade;
    async move {
        made?;
        let progress = request.body_mut().follow();
        let has_body = !request.body().is_end_stream();
        let exchange = pin!(send(client, address, upgrade.is_some(), request));
        let answer = in_response_time(exchange, timeouts.head, progress.as_ref()).await;
        let (response, lease) = answer.ok_or(UpstreamError::TooSlow)??;
        let response = into_response(response, lease, upgrade, timeouts.idle)?;
        Ok(if has_body {
            response.after_a_body()
        } else {
            response
        })
    }
}

/// Makes of a request what the upstream gets.
fn make(
    address: &Address,
    target: PathAndQuery,
    hop: &HopByHop,
    request: &mut Request<RequestBody>,
) -> Result<(), UpstreamError> {
    if let Some(upgrade) = &hop.upgrade {
        let headers = request.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, upgrade.protocol.clone());
    } else if hop.takes_trailers && address.may_speak_http2() {
        // gRPC servers require it (RFC 9113, section 8.2.2).
        let headers = request.headers_mut();
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    if address.http2() && hop.upgrade.is_none() {
        request.headers_mut().remove(HOST);
    } else {
        request.headers_mut().insert(HOST, address.host().clone());
    }
    if needs_length(request) {
        let headers = request.headers_mut();
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    *request.version_mut() = Version::HTTP_11;
    *request.uri_mut() = address.path(target).ok_or(UpstreamError::BadPath)?.into();
    Ok(())
}

/// Whether a request without a body is of a method that usually has one (RFC 9110, section 8.6): strict servers answer
/// it with 411 unless its length is said. The client's own word for it is lost with the body, and HTTP/2 needs none.
fn needs_length<B: http_body::Body>(request: &Request<B>) -> bool {
    let has_content = matches!(
        *request.method(),
        Method::POST | Method::PUT | Method::PATCH
    );
    has_content && request.body().is_end_stream()
}

/// No transfer coding but `chunked`: any other would go on as it is, under no name.
fn is_plainly_framed(response: &Response<Incoming>) -> bool {
    let mut codings = response.headers().get_all(TRANSFER_ENCODING).iter();
    // `identity` was one once, and says nothing.
    let is_plain = |coding: &[u8]| {
        coding.eq_ignore_ascii_case(b"chunked") || coding.eq_ignore_ascii_case(b"identity")
    };
    codings.all(|coding| is_plain(coding.as_bytes()))
}

/// Over HTTP/1.1 the limits are the connection's; HTTP/2 counts in another way, and no lines.
fn has_too_large_a_head(headers: &HeaderMap) -> bool {
    if headers.len() > MAX_RESPONSE_HEADERS {
        return true;
    }
    let bytes = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    bytes.sum::<usize>() > MAX_RESPONSE_HEAD_BYTES
}

fn into_response(
    mut response: Response<Incoming>,
    lease: Option<Lease>,
    upgrade: Option<Upgrade>,
    idle_timeout: Duration,
) -> Result<UpstreamResponse, UpstreamError> {
    let switched = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    let names_websocket = response
        .headers()
        .get(UPGRADE)
        .is_some_and(hop_by_hop::is_websocket);
    if switched && (upgrade.is_none() || !names_websocket) {
        let unasked = "it switched to a protocol that was not requested";
        return Err(UpstreamError::Broken(unasked.to_owned()));
    }
    let tunnel = match upgrade {
        Some(Upgrade { client_end, .. }) if switched => {
            Some(Tunnel::new(client_end, hyper::upgrade::on(&mut response)))
        }
        _ => None,
    };
    if has_too_large_a_head(response.headers()) {
        return Err(UpstreamError::HeadTooLarge);
    }
    if !is_plainly_framed(&response) {
        let coded = "its body came in a transfer coding that was not asked for";
        return Err(UpstreamError::Broken(coded.to_owned()));
    }
    let protocol = response.headers_mut().remove(UPGRADE);
    let headers = response.headers_mut();
    let is_chunked = headers.contains_key(TRANSFER_ENCODING);
    if is_chunked {
        // The chunks tell where the body ends; a length beside them is wrong (RFC 9112, section 6.3).
        headers.remove(CONTENT_LENGTH);
    }
    hop_by_hop::remove(headers);
    // Ours is the next connection, not the upstream's.
    *response.version_mut() = Version::HTTP_11;
    if let (Some(_), Some(protocol)) = (&tunnel, protocol) {
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol);
    }
    Ok(UpstreamResponse {
        response: response
            .map(|body| ResponseStream::new(body, idle_timeout, lease.filter(|_| !switched))),
        tunnel,
        is_chunked,
    })
}
