//! A third party for one test, names that resolve as the test says, and a client for both.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backlot_outbound::body::RequestBody;
use backlot_outbound::egress_guard::{AddressGuard, Resolve, Resolved};
use backlot_outbound::upstream::{
    Address, Client, ClientSettings, HopByHop, UpstreamError, UpstreamResponse, UpstreamTimeouts,
    forward,
};
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// On the loopback network, and opened by [`guard`]: it stands for an address outside.
pub const OUTSIDE: &str = "127.0.0.2";
/// As well, and nobody listens there.
pub const NOBODY: &str = "127.0.0.3";
/// Not opened.
pub const INSIDE: &str = "127.0.0.1";

pub const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Answers every request with the same bytes, and then closes where they say so.
pub struct ThirdParty {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl ThirdParty {
    pub async fn at(address: impl Into<SocketAddr>, response: impl Into<Bytes>) -> Self {
        let listener = TcpListener::bind(address.into()).await.unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let party = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::clone(&connections),
        };
        let response = response.into();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(answer(stream, response.clone()));
            }
        });
        party
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// A port of `host` that was free a moment ago.
pub fn at(host: &str, port: u16) -> SocketAddr {
    SocketAddr::new(host.parse().unwrap(), port)
}

async fn answer(mut stream: tokio::net::TcpStream, response: Bytes) {
    let mut head = Vec::new();
    loop {
        let mut piece = [0; 1024];
        let Ok(count @ 1..) = stream.read(&mut piece).await else {
            return;
        };
        head.extend_from_slice(&piece[..count]);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        head.clear();
        if stream.write_all(&response).await.is_err() || says_close(&response) {
            return;
        }
    }
}

fn says_close(response: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&response[..response.len().min(200)]).into_owned();
    text.contains("connection: close")
}

/// Says one list of addresses after the other, the last one again and again.
pub struct Names(Mutex<VecDeque<Vec<IpAddr>>>);

impl Names {
    pub fn saying(answers: &[&[&str]]) -> Arc<Self> {
        let list = |answer: &&[&str]| answer.iter().map(|it| it.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(list).collect())))
    }
}

impl Resolve for Names {
    fn resolve(&self, _: &str) -> Resolved {
        let mut answers = self.0.lock();
        let answer = if answers.len() > 1 {
            answers.pop_front()
        } else {
            answers.front().cloned()
        };
        let answer = answer.ok_or_else(|| io::Error::other("no such name"));
        Box::pin(std::future::ready(answer))
    }
}

pub fn guard() -> AddressGuard {
    let opened = [OUTSIDE, NOBODY].map(|host| format!("{host}/32").parse().unwrap());
    AddressGuard::new(opened.to_vec())
}

pub fn settings() -> ClientSettings {
    ClientSettings {
        connect_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(5),
        most_idle: 8,
        tls: false,
        http2_over_tls: true,
        guard: Some(guard()),
        extra_roots: Vec::new(),
    }
}

pub async fn get(client: &Client, address: &Address) -> Result<UpstreamResponse, UpstreamError> {
    let timeouts = UpstreamTimeouts {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(10),
    };
    let request = Request::new(RequestBody::empty());
    let target = "/v1/things".parse().unwrap();
    forward(
        client,
        address,
        timeouts,
        target,
        HopByHop::default(),
        request,
    )
    .await
}

/// A listener and what makes TLS of its connections, with a certificate for `api.example.com` that nobody else has
/// signed. `protocols` are those that it chooses from, the best first.
pub async fn tls_server(protocols: &[&str]) -> (TcpListener, TlsAcceptor, CertificateDer<'static>) {
    let names = vec!["api.example.com".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    let certificate = cert.der().clone();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_vec()).collect();
    let listener = TcpListener::bind(at(OUTSIDE, 0)).await.unwrap();
    (listener, TlsAcceptor::from(Arc::new(config)), certificate)
}

/// What a response carries, read to its end.
pub async fn text(response: UpstreamResponse) -> String {
    let body = response.response.into_body().collect().await.unwrap();
    String::from_utf8(body.to_bytes().to_vec()).unwrap()
}

pub fn address(text: &str) -> Address {
    Address::parse(text, false).unwrap()
}
