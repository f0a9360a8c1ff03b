//! Handing one request on, and its reply back.

use std::time::Duration;

use http::header::{CONNECTION, HOST, HeaderValue, UPGRADE};
use http::uri::PathAndQuery;
use http::{Method, Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::client::legacy;
use tokio::time::timeout;

use super::error::was_a_closed_connection;
use super::tunnel::Tunnel;
use super::{Address, Client, UpstreamError};
use crate::body::{ReplyStream, RequestBody};
use crate::hop_by_hop;

/// What came back.
pub struct Reply {
    /// The reply, its hop-by-hop headers removed.
    pub response: Response<ReplyStream>,
    /// What to run beside it when both sides switched to another protocol (status 101).
    pub tunnel: Option<Tunnel>,
}

/// How long an upstream may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until the head of its reply.
    pub head: Duration,
    /// Between two pieces of its reply.
    pub silence: Duration,
}

/// Hands `request` on to `target` (the path and query to ask for) at `address`.
///
/// Hop-by-hop headers are dropped and `Host` becomes the upstream's. A request without a body that
/// may be repeated is sent once more when the pooled connection turns out to have been closed.
pub async fn forward(
    client: &Client,
    address: &Address,
    patience: Patience,
    target: PathAndQuery,
    mut request: Request<RequestBody>,
) -> Result<Reply, UpstreamError> {
    let upgrade = take_upgrade(&mut request);
    hop_by_hop::remove(request.headers_mut());
    if let Some((protocol, _)) = &upgrade {
        let headers = request.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol.clone());
    }
    if address.http2() && upgrade.is_none() {
        request.headers_mut().remove(HOST);
    } else {
        request.headers_mut().insert(HOST, address.host().clone());
    }
    *request.version_mut() = http::Version::HTTP_11;
    *request.uri_mut() = address.join(target).ok_or(UpstreamError::BadPath)?;

    let exchange = send(client, address, upgrade.is_some(), request);
    let response = timeout(patience.head, exchange)
        .await
        .map_err(|_| UpstreamError::TooSlow)??;
    Ok(hand_back(response, upgrade, patience.silence))
}

/// The protocol asked for and the client's end of the switch, if one was asked for.
fn take_upgrade(request: &mut Request<RequestBody>) -> Option<(HeaderValue, OnUpgrade)> {
    if !hop_by_hop::asks_for_upgrade(request.headers()) {
        return None;
    }
    let protocol = request.headers().get(UPGRADE)?.clone();
    Some((protocol, hyper::upgrade::on(request)))
}

async fn send(
    client: &Client,
    address: &Address,
    upgrade: bool,
    request: Request<RequestBody>,
) -> Result<Response<Incoming>, legacy::Error> {
    let again = repeatable(&request).then(|| copy(&request));
    match client.send(address, upgrade, request).await {
        Err(error) if was_a_closed_connection(&error) => match again {
            Some(request) => client.send(address, upgrade, request).await,
            None => Err(error),
        },
        result => result,
    }
}

fn repeatable(request: &Request<RequestBody>) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD) && request.body().is_end_stream()
}

fn copy(request: &Request<RequestBody>) -> Request<RequestBody> {
    let mut copy = Request::new(RequestBody::empty());
    request.method().clone_into(copy.method_mut());
    request.uri().clone_into(copy.uri_mut());
    request.headers().clone_into(copy.headers_mut());
    copy
}

fn hand_back(
    mut response: Response<Incoming>,
    upgrade: Option<(HeaderValue, OnUpgrade)>,
    silence: Duration,
) -> Reply {
    let switched = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    let tunnel = match upgrade {
        Some((_, client_end)) if switched => {
            Some(Tunnel::new(client_end, hyper::upgrade::on(&mut response)))
        }
        _ => None,
    };
    let protocol = response.headers_mut().remove(UPGRADE);
    hop_by_hop::remove(response.headers_mut());
    if let (Some(_), Some(protocol)) = (&tunnel, protocol) {
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol);
    }
    Reply {
        response: response.map(|body| ReplyStream::new(body, silence)),
        tunnel,
    }
}
