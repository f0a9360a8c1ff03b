//! Sending one request over a kept connection, or a new one.
//!
//! Plain HTTP/1.1, what most upstreams speak, has a pool of its own (`pool`); HTTP/2 and TLS go
//! through hyper-util's client. Why: `docs/decisions/0003-upstream-client.md`. TLS is only made ready
//! where an upstream needs it, since the operating system's roots take memory.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use tower::ServiceExt as _;

use super::error::SendError;
use super::{Address, Lease};
use crate::body::RequestBody;

/// How connections to upstreams are made and kept.
#[derive(Debug, Clone, Copy)]
pub struct ClientSettings {
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long an idle connection is kept. Node closes idle ones after five seconds, so less than
    /// that avoids meeting a closed one.
    pub idle_timeout: Duration,
    /// The most idle connections kept to one upstream.
    pub most_idle: usize,
    /// Whether any upstream speaks TLS.
    pub tls: bool,
}

type Http2 = legacy::Client<HttpConnector, RequestBody>;
type Tls = legacy::Client<HttpsConnector<HttpConnector>, RequestBody>;

/// What makes connections to upstreams. Cloning shares it.
#[derive(Clone)]
pub struct Client {
    connector: HttpConnector,
    http2: Http2,
    tls: Option<Tls>,
    idle_timeout: Duration,
    most_idle: usize,
}

/// A reply's head, and the connection that its body comes over where that is ours to keep.
pub(super) type Answer = (Response<Incoming>, Option<Lease>);

impl Client {
    /// Makes the pools; nothing is connected yet. The operating system's certificate store is read
    /// if any upstream speaks TLS.
    pub fn new(settings: ClientSettings) -> std::io::Result<Self> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(settings.connect_timeout));
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(settings.idle_timeout)
            .pool_max_idle_per_host(settings.most_idle);
        let tls = if settings.tls {
            let mut connector = connector.clone();
            connector.enforce_http(false);
            let connector = HttpsConnectorBuilder::new()
                .with_native_roots()?
                .https_only()
                .enable_http1()
                .enable_http2()
                .wrap_connector(connector);
            Some(builder.build(connector))
        } else {
            None
        };
        Ok(Self {
            http2: builder.http2_only(true).build(connector.clone()),
            connector,
            tls,
            idle_timeout: settings.idle_timeout,
            most_idle: settings.most_idle,
        })
    }

    /// Sends one request whose address is a path there.
    pub(super) async fn send(
        &self,
        address: &Address,
        upgrade: bool,
        mut request: Request<RequestBody>,
    ) -> Result<Answer, SendError> {
        let pooled = match &self.tls {
            Some(tls) if address.is_tls() => tls,
            _ if address.http2() && !upgrade => {
                to_full_address(address, &mut request);
                return Ok((self.http2.request(request).await?, None));
            }
            _ => return self.send_http1(address, request).await,
        };
        to_full_address(address, &mut request);
        Ok((pooled.request(request).await?, None))
    }

    async fn send_http1(
        &self,
        address: &Address,
        request: Request<RequestBody>,
    ) -> Result<Answer, SendError> {
        let answer = |response, sender| {
            let pool = Arc::clone(address.pool());
            (response, Some(Lease::new(pool, sender, self.most_idle)))
        };
        let mut request = request;
        if let Some(mut sender) = address.pool().take(self.idle_timeout) {
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(answer(response, sender)),
                Err(mut error) => match error.take_message() {
                    // Not a byte of it was written: the connection had been closed.
                    Some(unsent) => request = unsent,
                    None => return Err(SendError::Exchange(error.into_error().into())),
                },
            }
        }
        let mut sender = self.connect(address.origin().clone()).await?;
        match sender.send_request(request).await {
            Ok(response) => Ok(answer(response, sender)),
            Err(error) => Err(SendError::Exchange(error.into())),
        }
    }

    /// A new connection, with a task of its own that reads and writes.
    async fn connect(&self, uri: Uri) -> Result<SendRequest<RequestBody>, SendError> {
        let io = self
            .connector
            .clone()
            .oneshot(uri)
            .await
            .map_err(|error| SendError::Connect(error.into()))?;
        let (sender, connection) = http1::Builder::new().writev(false).handshake(io)
            .await
            .map_err(|error| SendError::Exchange(error.into()))?;
        tokio::spawn(connection.with_upgrades());
        Ok(sender)
    }
}

fn to_full_address(address: &Address, request: &mut Request<RequestBody>) {
    let path = request.uri().path_and_query().cloned();
    if let Some(full) = path.and_then(|path| address.full(path)) {
        *request.uri_mut() = full;
    }
}
