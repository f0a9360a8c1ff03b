//! The client of upstreams. TLS is set up when it is needed, since the operating system's certificates take memory.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::Uri;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use tower::ServiceExt as _;

use super::error::SendError;
use super::pool::PoolLimits;
use super::roots;
use crate::body::RequestBody;
use crate::egress_guard::{AddressGuard, GuardedConnector, Resolve, SystemResolver};

/// How connections to upstreams are made and kept.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long an idle connection is kept. Node closes idle ones after five seconds, so less than
    /// that avoids meeting a closed one.
    pub idle_timeout: Duration,
    /// The most idle connections kept to one upstream.
    pub most_idle: usize,
    /// Whether TLS is set up at once, so that unreadable certificates are known at the start. Otherwise the first request
    /// that needs TLS sets it up.
    pub tls: bool,
    /// Whether HTTP/2 is offered over TLS. Its requests share one connection and its flow control, so one slow reader can
    /// hold up all others.
    pub http2_over_tls: bool,
    /// Which addresses may be dialled. `None`: all, for servers that the configuration names and whose
    /// callers have no say in it. With a guard, the heads of responses may have less (128 headers, 64 KiB), and may be
    /// written as browsers take them: with spaces before a colon, or a value on several lines.
    pub guard: Option<AddressGuard>,
    /// Certificates that are trusted besides the operating system's, in DER: those that one's own
    /// services are signed with.
    pub extra_roots: Vec<CertificateDer<'static>>,
}

/// The most headers of a response of a third party.
const MAX_HEADERS: usize = 128;
/// The bytes of a head after which no more is read for it.
const MAX_HEAD_BYTES: u32 = 64 * 1024;
/// The maximum number of header lines in a response of an upstream: some set a hundred cookies at a login.
pub const MAX_RESPONSE_HEADERS: usize = 256;
/// The most bytes of such a response's head.
pub const MAX_RESPONSE_HEAD_BYTES: usize = 128 * 1024;
/// What lies ready on a connection for a server that reads slowly. Over HTTP/1.1 a head has to fit in, too.
const MAX_BUFFERED: usize = MAX_RESPONSE_HEAD_BYTES;
/// The same over HTTP/2, with its own way to count. What is past the limits above, but not past this, can be told from
/// other faults.
const MAX_HTTP2_HEAD_BYTES: u32 = 1024 * 1024;
/// What a server may send of one response before it is taken, and of all responses on its connection: 256 clients
/// would have to stop reading at once to stop the others.
const STREAM_WINDOW_BYTES: u32 = 128 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 32 * 1024 * 1024;

fn pooled(settings: &ClientSettings) -> legacy::Builder {
    let mut builder = legacy::Client::builder(TokioExecutor::new());
    builder
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(settings.idle_timeout)
        .pool_max_idle_per_host(settings.most_idle)
        .http1_max_buf_size(MAX_BUFFERED)
        .http1_max_headers(MAX_RESPONSE_HEADERS)
        .http2_max_header_list_size(MAX_HTTP2_HEAD_BYTES)
        .http2_initial_stream_window_size(STREAM_WINDOW_BYTES)
        .http2_initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .http2_max_send_buf_size(MAX_BUFFERED);
    if settings.guard.is_some() {
        builder
            .http1_max_headers(MAX_HEADERS)
            .http1_max_buf_size(MAX_HEAD_BYTES as usize)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http2_max_header_list_size(MAX_HEAD_BYTES);
    }
    builder
}

type Http2 = legacy::Client<GuardedConnector, RequestBody>;
pub(super) type Tls = legacy::Client<HttpsConnector<GuardedConnector>, RequestBody>;

/// The client of upstreams. Clones share its connections.
#[derive(Clone)]
pub struct Client {
    connector: GuardedConnector,
    pub(super) http2: Http2,
    tls: Arc<OnceLock<Tls>>,
    /// For what becomes a WebSocket: over HTTP/2 there is no switch of protocols.
    tls_http1: Arc<OnceLock<Tls>>,
    settings: Arc<ClientSettings>,
    pub(super) pool_limits: PoolLimits,
}

impl Client {
    /// Creates the client without connecting.
    pub fn new(settings: ClientSettings) -> std::io::Result<Self> {
        Self::with_resolver(settings, Arc::new(SystemResolver))
    }

    /// The same, with names looked up by `names`.
    pub fn with_resolver(
        settings: ClientSettings,
        names: Arc<dyn Resolve>,
    ) -> std::io::Result<Self> {
        let connector =
            GuardedConnector::new(settings.guard.clone(), names, settings.connect_timeout);
        let client = Self {
            http2: pooled(&settings).http2_only(true).build(connector.clone()),
            connector,
            tls: Arc::default(),
            tls_http1: Arc::default(),
            pool_limits: PoolLimits {
                idle_timeout: settings.idle_timeout,
                most_idle: settings.most_idle,
            },
            settings: Arc::new(settings),
        };
        if client.settings.tls {
            client.tls(false)?;
        }
        Ok(client)
    }

    /// The client that speaks TLS, with `http1_only` HTTP/1.1 whatever the server prefers. The operating system's
    /// certificates are read the first time.
    pub(super) fn tls(&self, http1_only: bool) -> std::io::Result<&Tls> {
        let place = if http1_only {
            &self.tls_http1
        } else {
            &self.tls
        };
        if let Some(tls) = place.get() {
            return Ok(tls);
        }
        let connector = self.connector.clone();
        let builder = HttpsConnectorBuilder::new()
            .with_tls_config(roots::trusting(&self.settings.extra_roots)?)
            .https_only()
            .enable_http1();
        let connector = if self.settings.http2_over_tls && !http1_only {
            builder.enable_http2().wrap_connector(connector)
        } else {
            builder.wrap_connector(connector)
        };
        let tls = pooled(&self.settings).build(connector);
        Ok(place.get_or_init(|| tls))
    }

    /// Opens a connection, and spawns a task that reads and writes.
    pub(super) async fn connect(&self, uri: Uri) -> Result<SendRequest<RequestBody>, SendError> {
        let io = self
            .connector
            .clone()
            .oneshot(uri)
            .await
            .map_err(SendError::Connect)?;
        let mut builder = http1::Builder::new();
        // One buffer, one plain write, as towards the client.
        builder
            .writev(false)
            .max_buf_size(MAX_BUFFERED)
            .max_headers(MAX_RESPONSE_HEADERS);
        if self.settings.guard.is_some() {
            builder
                .max_headers(MAX_HEADERS)
                .max_buf_size(MAX_HEAD_BYTES as usize)
                // Browsers and curl take such heads, and some old servers send them.
                .allow_spaces_after_header_name_in_responses(true)
                .allow_obsolete_multiline_headers_in_responses(true);
        }
        let (sender, connection) = builder
            .handshake(io)
            .await
            .map_err(|error| SendError::Exchange(error.into()))?;
        tokio::spawn(connection.with_upgrades());
        Ok(sender)
    }
}
