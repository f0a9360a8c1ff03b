//! The pooled clients. One for HTTP/1.1, one for HTTP/2; TLS only where an upstream needs it, since
//! the operating system's roots take memory.

use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::Address;
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

type Plain = legacy::Client<HttpConnector, RequestBody>;
type Tls = legacy::Client<HttpsConnector<HttpConnector>, RequestBody>;

/// All connections to upstreams. Cloning shares them.
#[derive(Clone)]
pub struct Client {
    http1: Plain,
    http2: Plain,
    tls: Option<Tls>,
}

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
            http1: builder.build(connector.clone()),
            http2: builder.http2_only(true).build(connector),
            tls,
        })
    }

    /// Sends one request whose address has been joined.
    pub(super) async fn send(
        &self,
        address: &Address,
        upgrade: bool,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        match &self.tls {
            Some(tls) if address.is_tls() => tls.request(request).await,
            _ if address.http2() && !upgrade => self.http2.request(request).await,
            _ => self.http1.request(request).await,
        }
    }
}
