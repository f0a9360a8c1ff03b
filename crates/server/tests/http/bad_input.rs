//! What no well-meaning client sends: a clear 4xx or a closed connection, and the server lives.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use backlot_wix::AppSecret;
use backlot_wix::signed_instance::sign;

use crate::harness::{NEW_SECRET, PAGE, TestServer, echo, instance, raw, request, to_upstream};

async fn still_lives(server: &TestServer) {
    let credential = instance("owner");
    let headers = [("authorization", credential.as_str())];
    let response = request(server.address, "GET", "/whoami", &headers, "").await;
    assert_eq!(response.status, 200);
}

#[tokio::test]
async fn heads_that_are_too_large() {
    let server = TestServer::start(vec![]).await;
    let large = "x".repeat(40_000);
    let headers = [("origin", PAGE), ("x-large", large.as_str())];
    let response = request(server.address, "GET", "/whoami", &headers, "").await;
    assert_eq!(
        (response.status, response.code().as_str()),
        (431, "HEADERS_TOO_LARGE")
    );
    assert_eq!(response.header("access-control-allow-origin"), PAGE);

    let path = format!("/{}", "x".repeat(20_000));
    let response = request(server.address, "GET", &path, &[("origin", PAGE)], "").await;
    assert_eq!(response.code(), "HEADERS_TOO_LARGE");

    let huge = format!(
        "GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
        "x".repeat(1_000_000)
    );
    let response = raw(server.address, huge.as_bytes()).await;
    assert!(response.is_none_or(|response| response.status == 431));
    let many = format!(
        "GET / HTTP/1.1\r\nhost: a\r\n{}\r\n",
        "a: b\r\n".repeat(1000)
    );
    let response = raw(server.address, many.as_bytes()).await;
    assert!(response.is_none_or(|response| response.status == 431 || response.status == 400));
    still_lives(&server).await;
}

#[tokio::test]
async fn a_request_names_its_host_once() {
    let server = TestServer::start(vec![to_upstream("/api", echo().await)]).await;
    for (version, hosts, status) in [
        ("1.1", "host: a\r\n", 200),
        ("1.1", "", 400),
        ("1.1", "host: a\r\nhost: b\r\n", 400),
        ("1.1", "host: a\r\nhost: a\r\n", 400),
        ("1.0", "", 200),
        ("1.0", "host: a\r\nhost: b\r\n", 400),
    ] {
        let request = format!("GET /healthz HTTP/{version}\r\n{hosts}\r\n");
        let response = raw(server.address, request.as_bytes()).await.unwrap();
        assert_eq!(response.status, status, "{request}");
    }
}

/// What hyper refuses by itself: a page reads the refusal all the same.
#[tokio::test]
async fn heads_that_cannot_be_read_are_refused_like_others() {
    let server = TestServer::start(vec![to_upstream("/api", echo().await)]).await;
    let past_limit = "x".repeat(70_000);
    let huge = "x".repeat(900_000);
    let lines = "a: b\r\n".repeat(300);
    let ask = |line: &str, more: &str| {
        format!("{line}\r\nhost: a\r\n{more}\r\norigin: {PAGE}\r\nauthorization: secret-1\r\n\r\n")
            .into_bytes()
    };
    let mut raw_bytes = b"GET /api/caf\xe9?secret-1 HTTP/1.1\r\n".to_vec();
    raw_bytes.extend(format!("Origin: {PAGE}\r\n\r\n").into_bytes());
    let mut cases = vec![
        (raw_bytes, 400, "REQUEST_MALFORMED"),
        (
            ask(&format!("GET /{past_limit} HTTP/1.1"), "x: y"),
            414,
            "TARGET_TOO_LONG",
        ),
        (
            ask(&format!("POST /?{past_limit} HTTP/1.1"), "x: y"),
            414,
            "TARGET_TOO_LONG",
        ),
        (
            ask(&format!("GET /{huge} HTTP/1.1"), "x: y"),
            431,
            "HEADERS_TOO_LARGE",
        ),
        (
            ask("GET / HTTP/1.1", &format!("x: {huge}")),
            431,
            "HEADERS_TOO_LARGE",
        ),
        (
            ask("GET / HTTP/1.1", lines.trim_end()),
            431,
            "HEADERS_TOO_LARGE",
        ),
    ];
    for (line, more) in [
        ("GET /a b HTTP/1.1", "x: y"),
        ("G{T / HTTP/1.1", "x: y"),
        ("GET /` HTTP/1.1", "x: y"),
        ("GET / HTTP/1.7", "x: y"),
        ("GET / HTTP/1.1", "no colon"),
        ("GET / HTTP/1.1", "x y: z"),
        ("POST / HTTP/1.1", "content-length: 1\r\ncontent-length: 2"),
        ("POST / HTTP/1.1", "content-length: x"),
    ] {
        cases.push((ask(line, more), 400, "REQUEST_MALFORMED"));
    }
    for (bytes, status, code) in &cases {
        let what = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        // On a fresh connection, and after a request that was answered.
        let before = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(before).await.unwrap();
        let mut answered = Vec::new();
        while !answered.ends_with(b"}") {
            answered.push(stream.read_u8().await.unwrap());
        }
        for mut stream in [TcpStream::connect(server.address).await.unwrap(), stream] {
            let mut received = String::new();
            let (mut reading, mut writing) = stream.split();
            let exchange = async {
                let _ = writing.write_all(bytes).await;
                reading.read_to_string(&mut received).await
            };
            let ended = tokio::time::timeout(Duration::from_secs(10), exchange).await;
            ended.expect("closed").unwrap();
            let (head, body) = received.split_once("\r\n\r\n").unwrap();
            assert!(
                head.starts_with(&format!("HTTP/1.1 {status} ")),
                "{what}: {head}"
            );
            assert!(
                head.contains(&format!("access-control-allow-origin: {PAGE}\r\n")),
                "{what}: {head}"
            );
            assert!(head.contains("x-request-id: "), "{what}: {head}");
            assert!(
                head.contains(&format!("content-length: {}\r\n", body.len())),
                "{what}: {head}"
            );
            assert!(body.contains(code), "{what}: {body}");
        }
    }
    still_lives(&server).await;
    let log = server.stop_and_read_log().await;
    assert_eq!(log.matches("REQUEST_MALFORMED").count(), 2 * 9);
    assert!(
        log.contains("/api/caf%E9\"") && !log.contains("secret-1"),
        "{log}"
    );
}

/// The browser asks first whether it may ask: a refusal there would be all that the page sees.
#[tokio::test]
async fn preflights_of_heads_that_are_refused_are_let_through() {
    let server = TestServer::start(vec![]).await;
    for length in [20_000, 70_000] {
        let path = format!("/{}", "x".repeat(length));
        let asks = ("access-control-request-method", "PUT");
        let headers = [("origin", PAGE), asks];
        let response = request(server.address, "OPTIONS", &path, &headers, "").await;
        assert_eq!(response.status, 204);
        assert_eq!(response.header("access-control-allow-origin"), PAGE);
        assert!(
            response
                .header("access-control-allow-methods")
                .contains("PUT")
        );
        assert!(
            response
                .header("access-control-allow-headers")
                .contains("authorization")
        );
        let foreign = [("origin", "https://evil.example"), asks];
        let response = request(server.address, "OPTIONS", &path, &foreign, "").await;
        assert_eq!(response.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn bytes_that_are_no_http() {
    let server = TestServer::start(vec![to_upstream("/api", echo().await)]).await;
    let cases: [&[u8]; 12] = [
        b"\r\n\r\n\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /\0 HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nauthorization: a\0b\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET  /  HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\n folded: x\r\n\r\n",
        b"POST /api HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        b"POST /api HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
        b"POST /api HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\ngarbage that is no frame at all",
        b"CONNECT evil.com:443 HTTP/1.1\r\nhost: evil.com\r\nconnection: close\r\n\r\n",
    ];
    for case in cases {
        let mut bytes = case.to_vec();
        bytes.extend_from_slice(b"connection: close\r\n\r\n");
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
        let mut received = Vec::new();
        let reading = stream.read_to_end(&mut received);
        let _ = tokio::time::timeout(Duration::from_secs(10), reading)
            .await
            .expect("closed");
        let text = String::from_utf8_lossy(&received);
        let refused = text.starts_with("HTTP/1.1 4") || !text.starts_with("HTTP/1.1");
        assert!(refused, "{:?}: {text}", String::from_utf8_lossy(case));
    }
    still_lives(&server).await;
}

#[tokio::test]
async fn instances_with_strange_json_inside() {
    let server = TestServer::start(vec![]).await;
    let id = "\"instanceId\":\"2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60\"";
    let date = "\"signDate\":\"2026-11-22T11:00:00Z\"";
    let deep = format!(
        "{{{id},{date},\"uid\":{}1{}}}",
        "[".repeat(2000),
        "]".repeat(2000)
    );
    let cases = [
        (String::new(), "CREDENTIAL_MALFORMED"),
        ("null".to_owned(), "INSTANCE_INVALID"),
        ("{}".to_owned(), "INSTANCE_INVALID"),
        (format!("{{{id},{id},{date}}}"), "INSTANCE_INVALID"),
        (
            format!("{{{id},{date},\"uid\":{{\"a\":1}}}}"),
            "INSTANCE_INVALID",
        ),
        (
            format!("{{{id},{date},\"demoMode\":\"yes\"}}"),
            "INSTANCE_INVALID",
        ),
        (
            format!("{{{id},\"signDate\":1795341600}}"),
            "INSTANCE_INVALID",
        ),
        (deep, "INSTANCE_INVALID"),
        (format!("{{{id},{date}}} trailing"), "INSTANCE_INVALID"),
        ("\u{feff}{}".to_owned(), "INSTANCE_INVALID"),
    ];
    for (json, code) in cases {
        let credential = sign(&AppSecret::new(NEW_SECRET), json.as_bytes());
        let headers = [("authorization", credential.as_str())];
        let response = request(server.address, "GET", "/whoami", &headers, "").await;
        assert_eq!(
            (response.status, response.code().as_str()),
            (401, code),
            "{json}"
        );
    }
    let unknown_and_deep = format!(
        "{{{id},{date},\"new\":{}{}}}",
        "[".repeat(1500),
        "]".repeat(1500)
    );
    let credential = sign(&AppSecret::new(NEW_SECRET), unknown_and_deep.as_bytes());
    let headers = [("authorization", credential.as_str())];
    let response = request(server.address, "GET", "/whoami", &headers, "").await;
    assert_eq!(
        response.status, 200,
        "unknown fields are skipped, however deep"
    );
}

#[tokio::test]
async fn heads_that_never_end() {
    let short = |settings: &mut backlot_server::Settings| {
        settings.connection_limits.head_timeout = Duration::from_millis(200);
    };
    let server = TestServer::start_with(vec![], short).await;
    for start in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\n"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        let mut received = Vec::new();
        let reading = stream.read_to_end(&mut received);
        let _ = tokio::time::timeout(Duration::from_secs(10), reading)
            .await
            .expect("closed");
        let text = String::from_utf8_lossy(&received);
        assert!(
            text.is_empty() || text.starts_with("HTTP/1.1 408"),
            "{text}"
        );
    }
    still_lives(&server).await;
}

#[tokio::test]
async fn connections_past_the_cap_wait() {
    let few = |settings: &mut backlot_server::Settings| settings.connection_limits.connections = 2;
    let server = TestServer::start_with(vec![], few).await;
    let holders = [
        TcpStream::connect(server.address).await.unwrap(),
        TcpStream::connect(server.address).await.unwrap(),
    ];
    let waiting = tokio::spawn(request_healthz(server.address));
    drop(holders);
    assert_eq!(waiting.await.unwrap(), 200);
}

/// Browsers keep connections open that they do not use; nobody else waits for that.
#[tokio::test]
async fn idle_connections_make_room() {
    let few = |settings: &mut backlot_server::Settings| {
        settings.connection_limits.connections = 3;
        settings.connection_limits.head_timeout = Duration::from_mins(10);
    };
    let server = TestServer::start_with(vec![], few).await;
    let begun = std::time::Instant::now();
    let silent = TcpStream::connect(server.address).await.unwrap();
    let mut used = TcpStream::connect(server.address).await.unwrap();
    used.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut answered = Vec::new();
    while !answered.ends_with(b"}") {
        answered.push(used.read_u8().await.unwrap());
    }
    let mut begins = TcpStream::connect(server.address).await.unwrap();
    begins.write_all(b"GET /healthz HTT").await.unwrap();
    for _ in 0..4 {
        assert_eq!(request_healthz(server.address).await, 200);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "nobody waits for their end"
    );
    drop((silent, used, begins));
}

async fn request_healthz(address: std::net::SocketAddr) -> u16 {
    request(address, "GET", "/healthz", &[], "").await.status
}
