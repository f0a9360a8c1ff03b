//! Sending one request over a kept connection, or a new one.
//!
//! Plain HTTP/1.1, which most upstreams speak, has its own pool (`pool`); HTTP/2 and TLS go
//! through hyper-util's client. Why: `docs/decisions/0003-upstream-client.md`. What is rarely needed
//! is on the heap, so that the usual way carries little.

use std::sync::Arc;

use http::{Method, Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::SendRequest;

use super::error::{BoxError, SendError};
use super::{Address, Client, Lease};
use crate::body::RequestBody;

/// A response's head, and the connection that its body comes over where that is ours to keep.
pub(super) type Answer = (Response<Incoming>, Option<Lease>);

/// Sends one request whose address is a path at `address`.
#[expect(
    clippy::manual_async_fn,
    reason = "an async fn would have two places for the request"
)]
pub(super) fn send<'exchange>(
    client: &'exchange Client,
    address: &'exchange Address,
    upgrade: bool,
    mut request: Request<RequestBody>,
) -> impl Future<Output = Result<Answer, SendError>> + Send + 'exchange {
    async move {
        if address.is_tls() || (address.http2() && !upgrade) {
            return Box::pin(through_library(client, address, upgrade, request)).await;
        }
        if let Some(mut sender) = address.pool().take(client.pool_limits.idle_timeout) {
            // The upstream may be closing it in this very moment.
            let again = repeatable(&request).then(|| copy(&request));
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(answer(client, address, response, sender)),
                Err(error) => request = what_may_be_repeated(error, again)?,
            }
        }
        Box::pin(over_new_connection(client, address, request)).await
    }
}

async fn over_new_connection(
    client: &Client,
    address: &Address,
    request: Request<RequestBody>,
) -> Result<Answer, SendError> {
    let mut sender = client.connect(address.origin().clone()).await?;
    match sender.send_request(request).await {
        Ok(response) => Ok(answer(client, address, response, sender)),
        Err(error) => Err(SendError::Exchange(error.into())),
    }
}

fn answer(
    client: &Client,
    address: &Address,
    response: Response<Incoming>,
    sender: SendRequest<RequestBody>,
) -> Answer {
    let pool = Arc::clone(address.pool());
    (response, Some(Lease::new(pool, sender, client.pool_limits)))
}

/// After a kept connection failed: the request itself if not a byte of it was written, else the copy
/// of one that may be repeated, if the connection turned out to be closed.
fn what_may_be_repeated(
    mut error: TrySendError<Request<RequestBody>>,
    again: Option<Box<Request<RequestBody>>>,
) -> Result<Request<RequestBody>, SendError> {
    if let Some(unsent) = error.take_message() {
        return Ok(unsent);
    }
    let error = SendError::Exchange(error.into_error().into());
    match again {
        Some(copy) if error.was_a_closed_connection() => Ok(*copy),
        _ => Err(error),
    }
}

async fn through_library(
    client: &Client,
    address: &Address,
    upgrade: bool,
    mut request: Request<RequestBody>,
) -> Result<Answer, SendError> {
    let path = request.uri().path_and_query().cloned();
    if let Some(full) = path.and_then(|path| address.full(path)) {
        *request.uri_mut() = full;
    }
    let response = if address.is_tls() {
        let tls = client.tls(upgrade);
        let tls = tls.map_err(|error| SendError::Connect(no_certificates(&error)))?;
        let response = tls.request(request).await?;
        if !upgrade {
            address.note_version(response.version());
        }
        response
    } else {
        client.http2.request(request).await?
    };
    Ok((response, None))
}

fn no_certificates(error: &std::io::Error) -> BoxError {
    format!("cannot read the system's certificates (install ca-certificates): {error}").into()
}

fn repeatable(request: &Request<RequestBody>) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD) && request.body().is_end_stream()
}

fn copy(request: &Request<RequestBody>) -> Box<Request<RequestBody>> {
    let mut copy = Box::new(Request::new(RequestBody::empty()));
    request.method().clone_into(copy.method_mut());
    request.uri().clone_into(copy.uri_mut());
    request.headers().clone_into(copy.headers_mut());
    copy
}
