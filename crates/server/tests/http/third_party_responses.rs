//! Responses of third parties that are odd, or broken from their first byte.

use std::net::SocketAddr;

use backlot_server::connections::ConnectionSettings;
use backlot_wix::Role;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::harness::{Reply, TestServer, ThirdParty, connected, instance, request};

/// A server that answers every request with these bytes, and closes.
async fn saying(bytes: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let bytes = bytes.clone();
            tokio::spawn(async move {
                let mut received = Vec::new();
                while !received.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else {
                        return;
                    };
                    received.push(byte);
                }
                let _ = stream.write_all(&bytes).await;
            });
        }
    });
    address
}

async fn reply_to(bytes: Vec<u8>) -> Reply {
    let party = ThirdParty::start().await.at(saying(bytes).await);
    let connection: ConnectionSettings = party.connection("", &[("GET /me", &[Role::Owner])]);
    let server = TestServer::start_with(vec![], connected(connection)).await;
    let credential = instance("owner");
    let headers = [("authorization", &*credential)];
    request(server.address, "GET", "/connections/x/me", &headers, "").await
}

fn head(more: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/plain\r\n{more}\r\n")
        .into_bytes()
}

fn with_body(more: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = head(more);
    bytes.extend_from_slice(body);
    bytes
}

#[tokio::test]
async fn what_browsers_and_curl_accept_is_passed_as_it_is() {
    for encoding in [
        "UTF-8",
        "utf8",
        "none",
        "identity",
        "binary",
        "8bit",
        "text/plain",
        "aws-chunked",
    ] {
        let more = format!("content-encoding: {encoding}\r\ncontent-length: 5\r\n");
        let response = reply_to(with_body(&more, b"plain")).await;
        assert_eq!(
            (response.status, &*response.body),
            (200, "plain"),
            "{encoding}"
        );
        assert_eq!(response.header("content-encoding"), "");
        let more = format!("content-encoding: {encoding}\r\n");
        let response = reply_to(with_body(&more, b"plain")).await;
        assert_eq!(
            (response.status, &*response.body),
            (200, "plain"),
            "{encoding}"
        );
    }
    for (bytes, body) in [
        ("HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok", "ok"),
        (
            "HTTP/1.1 200 OK\r\nX-Odd : 1\r\ncontent-length: 2\r\n\r\nok",
            "ok",
        ),
        (
            "HTTP/1.1 200 OK\r\nx-long: one\r\n\ttwo\r\ncontent-length: 2\r\n\r\nok",
            "ok",
        ),
        ("HTTP/1.0 200 OK\r\n\r\nok", "ok"),
    ] {
        let response = reply_to(bytes.as_bytes().to_vec()).await;
        assert_eq!((response.status, &*response.body), (200, body), "{bytes}");
    }
    // What could hide something is not.
    for encoding in ["zstd", "compress", "UTF-8, zstd", "br, zstd"] {
        let more = format!("content-encoding: {encoding}\r\n");
        let response = reply_to(with_body(&more, b"plain")).await;
        assert_eq!(
            (response.status, &*response.code()),
            (502, "CONNECTION_REPLY_REFUSED"),
            "{encoding}"
        );
    }
}

/// The client gets a status and a code, and not a closed connection.
#[tokio::test]
async fn a_reply_that_is_broken_from_its_first_byte_is_a_502() {
    let gzip = "content-encoding: gzip\r\n";
    let chunked = "transfer-encoding: chunked\r\n";
    for (bytes, code) in [
        (
            with_body(gzip, b"no gzip at all"),
            "CONNECTION_REPLY_REFUSED",
        ),
        (with_body(gzip, b"\x1f\x8b"), "CONNECTION_REPLY_REFUSED"),
        (
            with_body(&format!("{gzip}{chunked}"), b"5\r\nhello\r\n0\r\n\r\n"),
            "CONNECTION_REPLY_REFUSED",
        ),
        (
            with_body("content-encoding: br\r\n", &[0xff; 100]),
            "CONNECTION_REPLY_REFUSED",
        ),
        (
            with_body("content-encoding: deflate\r\n", b"\x78\xff\xff\xff"),
            "CONNECTION_REPLY_REFUSED",
        ),
        (with_body(chunked, b"zz\r\n"), "CONNECTION_BROKEN"),
        (
            with_body(chunked, b"ffffffffffffffffff\r\nhello"),
            "CONNECTION_BROKEN",
        ),
        (with_body(chunked, b""), "CONNECTION_BROKEN"),
        (with_body("content-length: 5\r\n", b""), "CONNECTION_BROKEN"),
    ] {
        let response = reply_to(bytes.clone()).await;
        let told = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(
            (response.status, &*response.code()),
            (502, code),
            "{told:?}"
        );
        assert!(!response.header("x-request-id").is_empty());
    }
}
