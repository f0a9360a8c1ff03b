//! `[server]`

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::{Duration, Size, listen};

/// The public listener: what the world may call.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The address to listen on: `127.0.0.1:8080`, `localhost:8080`, or a port alone. Port 0 takes a free one.
    #[serde(deserialize_with = "listen::deserialize")]
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// Where the world reaches this listener: `https://backend.example.com`. Providers of accounts send people
    /// back there.
    pub public_url: Option<String>,
    /// Networks of proxies in front of this server, such as `10.0.0.0/8`. Only what they say in
    /// `X-Forwarded-*` and `Forwarded` is believed.
    pub trusted_proxies: Vec<String>,
    /// The most bytes of a request's address and headers.
    pub head_limit: Size,
    /// How long a request's head may take to arrive, and how long a connection may be without a request, in
    /// HTTP/2 whatever else is sent on it.
    pub head_timeout: Duration,
    /// How far the body of a request may fall behind `min_transfer_rate`, counted while it is waited for. A body
    /// that comes steadily at that rate may take as long as it needs.
    pub body_timeout: Duration,
    /// How far a client that takes its reply may fall behind `min_transfer_rate`, counted while it is waited for;
    /// then the reply is ended. Nothing is counted while there is nothing to send, as in a stream of events.
    pub write_timeout: Duration,
    /// The slowest rate of bodies and replies that is served for as long as it takes, in bytes a second.
    pub min_transfer_rate: Size,
    /// The most memory for bodies of requests that are read whole before they are used, all together. One
    /// instance may have a quarter of it, and an eighth is kept for bodies of up to 16 KiB. Bodies that go on to a server of yours stream, and are not counted.
    pub max_buffered_bytes: Size,
    /// The most connections at a time. Past it one that has been idle for a second makes room for the next; more wait in
    /// the system's queue. The limit of open files is raised as far as the
    /// system lets it; where it leaves less room than two for each connection, fewer are let in; the log says so if this is set.
    pub max_connections: u32,
    /// How long to go on accepting after the signal to stop, while clients are asked to leave.
    pub drain_linger: Duration,
    /// How long to wait after that for requests that are being answered.
    pub drain_timeout: Duration,
    /// How long a connection to your own server may take to come about.
    pub connect_timeout: Duration,
    /// How long an idle connection to your own server is kept. Node closes idle connections after
    /// five seconds; stay below that.
    pub upstream_idle_timeout: Duration,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            trusted_proxies: Vec::new(),
            head_limit: Size::kib(32),
            head_timeout: Duration::seconds(30),
            body_timeout: Duration::minutes(1),
            write_timeout: Duration::seconds(30),
            min_transfer_rate: Size::kib(4),
            max_buffered_bytes: Size::mib(192),
            max_connections: 10_000,
            drain_linger: Duration::seconds(1),
            drain_timeout: Duration::seconds(30),
            connect_timeout: Duration::seconds(5),
            upstream_idle_timeout: Duration::seconds(4),
        }
    }
}
