//! `[server]`

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::{Duration, Size, Timeout, listen};

/// The public listener.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The address to listen on: `127.0.0.1:8080`, `localhost:8080`, or a port alone. Port 0 takes a free one.
    #[serde(deserialize_with = "listen::deserialize")]
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// The public address of this listener: `https://backend.example.com`. OAuth providers redirect owners to it.
    /// Required for connections with `oauth`, unless they set `redirect_url`.
    pub public_url: Option<String>,
    /// Networks of proxies in front of this server, such as `10.0.0.0/8`. `X-Forwarded-*` and `Forwarded` are ignored
    /// unless they come from one of them.
    pub trusted_proxies: Vec<String>,
    /// The maximum size of a request's head: its target and headers.
    pub head_limit: Size,
    /// How long a request's head may take to arrive, and how long a connection may be idle. In HTTP/2, a connection
    /// without a request is idle even if other frames arrive.
    pub head_timeout: Timeout,
    /// How far a request's body may fall behind `min_transfer_rate` while the server waits for it. A body that arrives
    /// steadily at that rate may take any time.
    pub body_timeout: Timeout,
    /// How far a client that reads a response may fall behind `min_transfer_rate` before the connection is closed. Time
    /// without data to send, as in a stream of events, does not count.
    pub write_timeout: Timeout,
    /// The minimum rate of request and response bodies, in bytes a second.
    pub min_transfer_rate: Size,
    /// The maximum memory for request bodies that are read whole, over all requests. An instance may use a quarter of
    /// it, and an eighth is reserved for bodies of up to 16 KiB. Bodies that are forwarded to your own server are
    /// streamed, and do not count.
    pub max_buffered_bytes: Size,
    /// The maximum number of connections. Beyond it, a connection that has been idle for a second is closed to make
    /// room for a new one; otherwise new connections wait in the system's queue. The limit of open files is raised as
    /// far as the system allows. If it leaves fewer than two files for each connection, the maximum is lowered, with a
    /// warning if it was set here.
    pub max_connections: u32,
    /// How long to go on accepting connections after the signal to stop, while clients are asked to disconnect.
    pub drain_linger: Duration,
    /// How long to wait after that for requests in flight.
    pub drain_timeout: Duration,
    /// How long a connection to your own server may take to be established.
    pub connect_timeout: Timeout,
    /// How long an idle connection to your own server is kept. Node closes idle connections after five seconds, so stay
    /// below that.
    pub upstream_idle_timeout: Duration,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            trusted_proxies: Vec::new(),
            head_limit: Size::kib(32),
            head_timeout: Timeout::seconds(30),
            body_timeout: Timeout::minutes(1),
            write_timeout: Timeout::seconds(30),
            min_transfer_rate: Size::kib(4),
            max_buffered_bytes: Size::mib(192),
            max_connections: 10_000,
            drain_linger: Duration::seconds(1),
            drain_timeout: Duration::seconds(30),
            connect_timeout: Timeout::seconds(5),
            upstream_idle_timeout: Duration::seconds(4),
        }
    }
}
