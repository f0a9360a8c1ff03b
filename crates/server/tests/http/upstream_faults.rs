//! Upstreams that are down, slow, or break off: a code and CORS headers, never a hanging page.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use backlot_outbound::upstream::Address;
use backlot_server::handlers::proxy::Destination;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::harness::{
    PAGE, Reply, TestServer, Upstream, instance, raw, request, to_router, to_upstream,
};

async fn ask(server: &TestServer, method: &str, body: &str) -> Reply {
    let credential = instance("owner");
    let headers = [("authorization", credential.as_str()), ("origin", PAGE)];
    request(server.address, method, "/api", &headers, body).await
}

fn is_refused(response: &Reply, status: u16, code: &str) {
    assert_eq!(
        (response.status, response.code().as_str()),
        (status, code),
        "{response:?}"
    );
    assert_eq!(response.header("access-control-allow-origin"), PAGE);
    assert_eq!(response.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let server = TestServer::start(vec![to_upstream("/api", nobody)]).await;
    is_refused(&ask(&server, "GET", "").await, 502, "UPSTREAM_UNREACHABLE");
    let log = server.stop_and_read_log().await;
    assert!(
        log.contains("refused") && log.contains("\"level\":\"warn\""),
        "{log}"
    );
}

#[tokio::test]
async fn slow() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut entry = to_upstream("/api", silent.local_addr().unwrap());
    entry.limits.timeout = Duration::from_millis(100);
    let server = TestServer::start(vec![entry]).await;
    is_refused(&ask(&server, "GET", "").await, 504, "UPSTREAM_TIMEOUT");
}

/// A body that has come does not make the wait begin anew.
#[tokio::test]
async fn the_time_counts_once_body_or_not() {
    let patience = Duration::from_millis(600);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut entry = to_upstream("/api", silent.local_addr().unwrap());
    entry.limits.timeout = patience;
    let pending = axum::Router::new().fallback(async |body: axum::body::Bytes| {
        assert_eq!(body, "a body");
        std::future::pending::<()>().await;
    });
    let mut mounted = to_router("/mounted", pending);
    mounted.limits.timeout = patience;
    let server = TestServer::start(vec![entry, mounted]).await;
    let credential = instance("owner");
    let headers = [("authorization", credential.as_str())];
    for (method, path, body) in [
        ("POST", "/api", "a body"),
        ("GET", "/api", ""),
        ("POST", "/mounted", "a body"),
    ] {
        let begun = Instant::now();
        let response = request(server.address, method, path, &headers, body).await;
        assert_eq!(
            (response.status, response.code().as_str()),
            (504, "UPSTREAM_TIMEOUT")
        );
        let taken = begun.elapsed();
        assert!(
            taken >= patience && taken < patience * 3 / 2,
            "{method} {path} {taken:?}"
        );
    }
}

#[tokio::test]
async fn closes_without_a_word_or_speaks_no_http() {
    for script in [
        "",
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbroken head",
    ] {
        let upstream = Upstream::saying(vec![script]).await;
        let server = TestServer::start(vec![to_upstream("/api", upstream.address)]).await;
        is_refused(&ask(&server, "POST", "x").await, 502, "UPSTREAM_BROKEN");
    }
}

#[tokio::test]
async fn breaks_off_in_the_middle_of_its_reply() {
    for script in [
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ] {
        let upstream = Upstream::saying(vec![script]).await;
        let server = TestServer::start(vec![to_upstream("/api", upstream.address)]).await;
        let response = ask(&server, "GET", "").await;
        assert_eq!((response.status, response.body.as_str()), (200, "half"));
        let log = server.stop_and_read_log().await;
        assert!(log.contains("\"ending\":\"broken_off\""), "{log}");
    }
}

#[tokio::test]
async fn falls_silent_in_the_middle_of_its_reply() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut entry = to_upstream("/api", listener.local_addr().unwrap());
    entry.limits.idle_timeout = Duration::from_millis(100);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf";
        stream.write_all(head).await.unwrap();
        std::future::pending::<()>().await;
    });
    let server = TestServer::start(vec![entry]).await;
    assert_eq!(ask(&server, "GET", "").await.body, "half");
}

#[tokio::test]
async fn a_closed_pooled_connection_is_not_the_pages_problem() {
    // Each connection answers once and is closed afterwards without notice.
    let upstream = Upstream::saying(vec!["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]).await;
    let server = TestServer::start(vec![to_upstream("/api", upstream.address)]).await;
    for _ in 0..10 {
        let response = ask(&server, "GET", "").await;
        assert_eq!(
            (response.status, response.body.as_str()),
            (200, "ok"),
            "{response:?}"
        );
    }
}

#[tokio::test]
async fn bodies_over_the_cap_are_refused_announced_or_not() {
    let upstream = crate::harness::echo().await;
    let server = TestServer::start(vec![to_upstream("/api", upstream)]).await;
    let response = ask(&server, "POST", &"x".repeat(100_001)).await;
    is_refused(&response, 413, "BODY_TOO_LARGE");

    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let text = format!(
        "POST /api HTTP/1.1\r\nhost: a\r\nconnection: close\r\norigin: {PAGE}\r\n\
         authorization: {}\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n",
        instance("owner"),
        chunk.repeat(10)
    );
    let response = raw(server.address, text.as_bytes()).await.expect("a reply");
    is_refused(&response, 413, "BODY_TOO_LARGE");
}

#[tokio::test]
async fn bodies_that_stop_arriving_are_given_up() {
    let upstream = crate::harness::echo().await;
    let mut entry = to_upstream("/api", upstream);
    entry.limits.idle_timeout = Duration::from_millis(100);
    let server = TestServer::start(vec![entry]).await;
    let text = format!(
        "POST /api HTTP/1.1\r\nhost: a\r\norigin: {PAGE}\r\nauthorization: {}\r\n\
         content-length: 10\r\n\r\nhalf",
        instance("owner")
    );
    let response = raw(server.address, text.as_bytes()).await.expect("a reply");
    is_refused(&response, 408, "REQUEST_TIMEOUT");
}

/// A server that responses as soon as it has the head, and closes with the body unread: the system then resets the
/// connection, so that writing fails before the response is read.
async fn refusing_at_once(response: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut received = Vec::new();
                while !received.ends_with(b"\r\n\r\n") {
                    received.push(stream.read_u8().await.unwrap());
                }
                stream.write_all(response.as_bytes()).await.unwrap();
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_before_the_body_was_read_arrives() {
    const KNOWN: &str =
        "HTTP/1.1 413 Too Large\r\ncontent-length: 5\r\nconnection: close\r\n\r\nlarge";
    const UNTIL_CLOSED: &str = "HTTP/1.1 413 Too Large\r\nconnection: close\r\n\r\nlarge";
    let with_room = |path, upstream| {
        let mut entry = to_upstream(path, upstream);
        entry.limits.body_bytes = 10 << 20;
        entry
    };
    let server = TestServer::start(vec![
        with_room("/known", refusing_at_once(KNOWN).await),
        with_room("/until_closed", refusing_at_once(UNTIL_CLOSED).await),
    ])
    .await;
    let body = Bytes::from(vec![b'x'; 8 << 20]);
    for http2 in [false, true] {
        let client = Client::builder(TokioExecutor::new())
            .http2_only(http2)
            .build_http::<Full<Bytes>>();
        for path in ["known", "until_closed"].repeat(15) {
            let request = http::Request::post(format!("http://{}/{path}", server.address))
                .header("authorization", instance("owner"))
                .body(Full::from(body.clone()))
                .unwrap();
            let response = client.request(request).await.unwrap();
            assert_eq!(response.status(), 413, "{path}");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, "large", "{path}");
        }
    }
}

/// The same of an upstream that is spoken to over HTTP/2.
#[tokio::test]
async fn a_reply_before_the_body_was_read_arrives_from_http2() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = listener.local_addr().unwrap();
    let refuse = axum::Router::new().fallback(async || (StatusCode::PAYLOAD_TOO_LARGE, "large"));
    tokio::spawn(async move { axum::serve(listener, refuse).await });
    let mut entry = to_upstream("/api", upstream);
    entry.limits.body_bytes = 10 << 20;
    let address = Address::parse(&format!("http://{upstream}"), true).unwrap();
    entry.destination = Destination::Upstream(address);
    let server = TestServer::start(vec![entry]).await;
    let body = "x".repeat(8 << 20);
    for _ in 0..10 {
        let response = ask(&server, "POST", &body).await;
        assert_eq!((response.status, response.body.as_str()), (413, "large"));
    }
}

/// The time that an upstream has does not run while the client is still sending.
#[tokio::test]
async fn a_slow_upload_is_not_the_upstreams_fault() {
    let mut entry = to_upstream("/api", crate::harness::echo().await);
    entry.limits.timeout = Duration::from_millis(200);
    let server = TestServer::start(vec![entry]).await;
    let mut stream = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    let head = format!(
        "POST /api HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: {}\r\n\
         content-length: 8\r\n\r\n",
        instance("owner")
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut pace = tokio::time::interval(Duration::from_millis(80));
    for _ in 0..8 {
        pace.tick().await;
        stream.write_all(b"x").await.unwrap();
    }
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
}
