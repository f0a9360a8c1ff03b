//! Clients that send or read so slowly that they would hold what others need.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use backlot_server::{BufferLimits, Settings};
use backlot_wix::Role;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::harness::{
    FakeWix, Http2, NEW_SECRET, Reply, TestServer, echo, endless, instance, kind, may_call, pace,
    payload, request, signed, to_router, to_upstream,
};

const SHORT: Duration = Duration::from_millis(300);
/// Before any other limit of the test server's.
const SOON: Duration = Duration::from_secs(4);
const INSERT: &str = "/wix-data/v2/items";

fn hasty(settings: &mut Settings) {
    settings.body_pace = pace(SHORT);
    settings.connection_limits.write = pace(SHORT);
}

/// The head of a `POST` with a body of so many bytes.
fn head(path: &str, credential: &str, bytes: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\nauthorization: {credential}\r\ncontent-type: application/json\r\ncontent-length: {bytes}\r\n\r\n"
    )
}

async fn begin(address: SocketAddr, path: &str, credential: &str, bytes: usize) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = head(path, credential, bytes);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Sends a byte now and then until a response comes, and returns the response's beginning.
async fn trickle(stream: TcpStream) -> String {
    let (mut reading, mut writing) = stream.into_split();
    let sending = tokio::spawn(async move {
        while writing.write_all(b" ").await.is_ok() {
            sleep(SHORT / 10).await;
        }
    });
    let mut received = vec![0; 4096];
    let read = timeout(SOON, reading.read(&mut received)).await;
    sending.abort();
    let count = read.expect("no reply in time").unwrap();
    String::from_utf8_lossy(&received[..count]).into_owned()
}

#[tokio::test]
async fn a_body_that_trickles_in_is_refused_on_every_route() {
    let wix = FakeWix::start().await;
    let mounted = Router::new().route("/mounted", post(async |body: String| body));
    let entries = vec![
        to_upstream("/api", echo().await),
        to_router("/mounted", mounted),
    ];
    let server = TestServer::start_with(entries, |settings| {
        hasty(settings);
        wix.apply_to(settings);
        settings.wix_calls.calls = vec![may_call("POST /things", [Role::Owner])];
    })
    .await;
    let credential = instance("owner");
    // Wix: read whole, and streamed on.
    let routes = [
        ("/api/x", 90_000),
        ("/mounted", 90_000),
        (INSERT, 90_000),
        ("/wix/things", 60_000),
        ("/wix/things", 150_000),
    ];
    for (path, bytes) in routes {
        let stream = begin(server.address, path, &credential, bytes).await;
        let response = trickle(stream).await;
        assert!(response.starts_with("HTTP/1.1 408"), "{path}: {response}");
        assert!(response.contains("REQUEST_TIMEOUT"), "{path}: {response}");
    }
}

#[tokio::test]
async fn a_body_over_http2_that_does_not_come_is_refused() {
    let server = TestServer::start_with(vec![], hasty).await;
    let credential = instance("owner");
    let mut client = Http2::connect(server.address, 65_535).await;
    let headers = [("authorization", &*credential)];
    client
        .begin(1, ("POST", INSERT), &headers, (false, true))
        .await;
    client.next(kind::HEADERS, 1).await.expect("a reply");
    let body = client.next(kind::DATA, 1).await.unwrap();
    assert!(String::from_utf8_lossy(&body.payload).contains("REQUEST_TIMEOUT"));
}

#[tokio::test]
async fn a_large_upload_that_comes_steadily_takes_as_long_as_it_needs() {
    let mounted = Router::new().route("/mounted", post(async |body: String| body));
    let mut entries = vec![
        to_upstream("/api", echo().await),
        to_router("/mounted", mounted),
    ];
    for entry in &mut entries {
        entry.limits.timeout = SHORT * 2;
    }
    let server = TestServer::start_with(entries, hasty).await;
    for path in ["/api/x", "/mounted"] {
        let mut stream = begin(server.address, path, &instance("owner"), 40_000).await;
        for _ in 0..20 {
            stream.write_all(&[b'x'; 2000]).await.unwrap();
            sleep(SHORT / 4).await;
        }
        let mut received = [0; 12];
        stream.read_exact(&mut received).await.unwrap();
        assert_eq!(&received, b"HTTP/1.1 200", "{path}");
    }
}

#[tokio::test]
async fn an_entry_may_have_more_patience() {
    let mut patient = to_upstream("/api", echo().await);
    patient.limits.body_timeout = Some(SOON);
    let server = TestServer::start_with(vec![patient], hasty).await;
    let mut stream = begin(server.address, "/api/x", &instance("owner"), 10).await;
    for _ in 0..10 {
        sleep(SHORT / 4).await;
        stream.write_all(b"x").await.unwrap();
    }
    let mut received = [0; 12];
    stream.read_exact(&mut received).await.unwrap();
    assert_eq!(&received, b"HTTP/1.1 200");
}

#[tokio::test]
async fn a_reply_that_nobody_reads_is_ended() {
    let (address, mut closed) = endless().await;
    let server = TestServer::start_with(vec![to_upstream("/api", address)], hasty).await;
    let credential = instance("owner");
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!("GET /api HTTP/1.1\r\nhost: a\r\nauthorization: {credential}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    timeout(SOON, closed.recv()).await.expect("still held");
    drop(stream);
}

#[tokio::test]
async fn a_reply_that_is_read_goes_on() {
    let (address, mut closed) = endless().await;
    let server = TestServer::start_with(vec![to_upstream("/api", address)], hasty).await;
    let credential = instance("owner");
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!("GET /api HTTP/1.1\r\nhost: a\r\nauthorization: {credential}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let (begun, mut buffer) = (Instant::now(), vec![0; 1 << 20]);
    while begun.elapsed() < SHORT * 5 {
        stream.read_exact(&mut buffer).await.unwrap();
        sleep(SHORT / 10).await;
    }
    assert!(closed.try_recv().is_err());
}

async fn call_wix(server: &TestServer, role: &str) -> Reply {
    let credential = instance(role);
    let headers = [("authorization", &*credential)];
    request(server.address, "GET", "/wix/large", &headers, "").await
}

#[tokio::test]
async fn unread_replies_keep_no_owner_from_wix() {
    let wix = FakeWix::start().await;
    wix.on("/large", 200, &"x".repeat(200_000));
    let server = TestServer::start_with(vec![], |settings| {
        wix.apply_to(settings);
        // So long that nothing is freed by it.
        settings.connection_limits.write = pace(Duration::from_mins(5));
        settings.wix_calls.calls = vec![may_call("GET /large", [Role::Owner, Role::Visitor])];
    })
    .await;
    let mut clients = unread(&server, 100).await;
    wix.until_asked("/large", 48).await;
    assert_eq!(call_wix(&server, "owner").await.status, 200);
    clients.clear();
}

#[tokio::test]
async fn places_at_wix_are_freed_when_nobody_reads() {
    let wix = FakeWix::start().await;
    wix.on("/large", 200, &"x".repeat(200_000));
    let server = TestServer::start_with(vec![], |settings| {
        hasty(settings);
        wix.apply_to(settings);
        settings.wix.requests_per_minute = 1000;
        settings.wix.queue_time = SOON;
        settings.wix_calls.calls = vec![may_call("GET /large", [Role::Visitor])];
    })
    .await;
    let clients = unread(&server, 60).await;
    wix.until_asked("/large", 60).await;
    assert_eq!(call_wix(&server, "visitor").await.status, 200);
    drop(clients);
}

/// Clients of a visitor that ask for a large response from Wix and give it no window.
async fn unread(server: &TestServer, number: u32) -> Vec<Http2> {
    let credential = instance("visitor");
    let mut client = Http2::connect(server.address, 0).await;
    for call in 0..number {
        let path = format!("/wix/large?{call}");
        client
            .get(call * 2 + 1, &path, &[("authorization", &credential)])
            .await;
    }
    vec![client]
}

fn of_another_instance() -> String {
    let mut other = payload("owner");
    other["instanceId"] = json!("2b0d7a6e-4c1f-4a52-9d3e-000000000002");
    signed(NEW_SECRET, &other)
}

#[tokio::test]
async fn bodies_under_way_take_no_more_memory_than_there_is_for_them() {
    let server = TestServer::start_with(vec![], |settings| {
        settings.buffers = BufferLimits { bytes: 16 << 20 };
    })
    .await;
    let (own, other) = (instance("owner"), of_another_instance());
    let mut held = Vec::new();
    for _ in 0..5 {
        let mut stream = begin(server.address, INSERT, &own, 1_000_000).await;
        // More than half of it: so much has come that the buffer holds all.
        let _ = stream.write_all(&vec![b' '; 600_000]).await;
        held.push(stream);
    }
    // The instance's share is four million bytes: one of them is refused, the other instance is not.
    let refused = timeout(SOON, first_reply(&mut held)).await.unwrap();
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    assert!(refused.contains("BUFFER_SHARE_EXHAUSTED"), "{refused}");
    let large = format!("{{\"dataCollectionId\":\"{}\"}}", "x".repeat(100_000));
    let response = request(
        server.address,
        "POST",
        INSERT,
        &[("authorization", &other)],
        &large,
    )
    .await;
    assert_ne!(response.code(), "BUFFER_SHARE_EXHAUSTED");
    // What is given up is free again.
    drop(held);
    let again = async {
        loop {
            let headers = [("authorization", &*own)];
            let response = request(server.address, "POST", INSERT, &headers, &large).await;
            if response.code() != "BUFFER_SHARE_EXHAUSTED" {
                return;
            }
        }
    };
    timeout(SOON, again).await.expect("still taken");
}

/// What the first of some connections says that says anything.
async fn first_reply(streams: &mut Vec<TcpStream>) -> String {
    loop {
        for stream in &mut *streams {
            let mut received = vec![0; 4096];
            if let Ok(Ok(count)) =
                timeout(Duration::from_millis(10), stream.read(&mut received)).await
            {
                return String::from_utf8_lossy(&received[..count]).into_owned();
            }
        }
    }
}
