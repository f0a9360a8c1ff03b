//! Upstreams that are down, slow, or break off: a code and CORS headers, never a hanging page.

use std::time::Duration;

use tokio::net::TcpListener;

use crate::harness::{PAGE, Reply, TestServer, Upstream, instance, raw, request, to_upstream};

async fn ask(server: &TestServer, method: &str, body: &str) -> Reply {
    let credential = instance("owner");
    let headers = [("authorization", credential.as_str()), ("origin", PAGE)];
    request(server.address, method, "/api", &headers, body).await
}

fn is_refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (status, code),
        "{reply:?}"
    );
    assert_eq!(reply.header("access-control-allow-origin"), PAGE);
    assert_eq!(reply.header("x-request-id").len(), 36);
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
        let reply = ask(&server, "GET", "").await;
        assert_eq!((reply.status, reply.body.as_str()), (200, "half"));
        let log = server.stop_and_read_log().await;
        assert!(log.contains("\"ending\":\"broken_off\""), "{log}");
    }
}

#[tokio::test]
async fn falls_silent_in_the_middle_of_its_reply() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut entry = to_upstream("/api", listener.local_addr().unwrap());
    entry.limits.silence = Duration::from_millis(100);
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
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
        let reply = ask(&server, "GET", "").await;
        assert_eq!(
            (reply.status, reply.body.as_str()),
            (200, "ok"),
            "{reply:?}"
        );
    }
}

#[tokio::test]
async fn bodies_over_the_cap_are_refused_announced_or_not() {
    let upstream = crate::harness::echo().await;
    let server = TestServer::start(vec![to_upstream("/api", upstream)]).await;
    let reply = ask(&server, "POST", &"x".repeat(100_001)).await;
    is_refused(&reply, 413, "BODY_TOO_LARGE");

    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let text = format!(
        "POST /api HTTP/1.1\r\nhost: a\r\nconnection: close\r\norigin: {PAGE}\r\n\
         authorization: {}\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n",
        instance("owner"),
        chunk.repeat(10)
    );
    let reply = raw(server.address, text.as_bytes()).await.expect("a reply");
    is_refused(&reply, 413, "BODY_TOO_LARGE");
}

#[tokio::test]
async fn bodies_that_stop_arriving_are_given_up() {
    let upstream = crate::harness::echo().await;
    let mut entry = to_upstream("/api", upstream);
    entry.limits.silence = Duration::from_millis(100);
    let server = TestServer::start(vec![entry]).await;
    let text = format!(
        "POST /api HTTP/1.1\r\nhost: a\r\norigin: {PAGE}\r\nauthorization: {}\r\n\
         content-length: 10\r\n\r\nhalf",
        instance("owner")
    );
    let reply = raw(server.address, text.as_bytes()).await.expect("a reply");
    is_refused(&reply, 408, "REQUEST_TIMEOUT");
}

/// The time that an upstream has does not run while the client is still sending.
#[tokio::test]
async fn a_slow_upload_is_not_the_upstreams_fault() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
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
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
}
