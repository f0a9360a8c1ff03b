//! Responses that are not as they should be.

use backlot_outbound::body::{LimitedBody, ResponseBodyError};
use backlot_outbound::upstream::{Client, UpstreamError, UpstreamResponse};
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::harness::{OUTSIDE, ThirdParty, address, at, get, settings};

async fn reply_of(bytes: impl Into<bytes::Bytes>) -> Result<UpstreamResponse, UpstreamError> {
    let party = ThirdParty::at(at(OUTSIDE, 0), bytes).await;
    let client = Client::new(settings()).unwrap();
    get(&client, &address(&format!("http://{}", party.address))).await
}

fn headers(count: usize) -> String {
    let headers = "x-again: 1\r\n".repeat(count - 1);
    format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{headers}\r\n")
}

#[tokio::test]
async fn a_head_has_its_limits() {
    assert!(reply_of(headers(128)).await.is_ok());
    let long = "x".repeat(256 * 1024);
    for head in [
        headers(129),
        headers(10_000),
        format!("HTTP/1.1 200 OK\r\nx-long: {long}\r\ncontent-length: 0\r\n\r\n"),
    ] {
        let error = reply_of(head).await.err().unwrap();
        assert!(matches!(error, UpstreamError::HeadTooLarge), "{error}");
    }
}

#[tokio::test]
async fn an_endless_head_is_not_read_on() {
    let listener = TcpListener::bind(at(OUTSIDE, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let written = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await;
        let line = "x-endless: 1\r\n".repeat(1000);
        let mut written = 0_usize;
        let mut next = "HTTP/1.1 200 OK\r\n";
        while stream.write_all(next.as_bytes()).await.is_ok() {
            written += next.len();
            next = &line;
        }
        written
    });
    let client = Client::new(settings()).unwrap();
    let outcome = get(&client, &address(&format!("http://{OUTSIDE}:{port}"))).await;
    let error = outcome.err().unwrap();
    assert!(matches!(error, UpstreamError::HeadTooLarge), "{error}");
    // The connection is closed: no more leaves than the system's buffers hold.
    assert!(written.await.unwrap() < 32 * 1024 * 1024);
}

#[tokio::test]
async fn a_wrong_length_is_no_success() {
    for short in [
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 100\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n",
        "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let response = reply_of(short).await.unwrap();
        let outcome = response.response.into_body().collect().await;
        assert!(
            matches!(outcome, Err(ResponseBodyError::BrokenOff(_))),
            "{short}"
        );
    }
    let two = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc";
    let error = reply_of(two).await.err().unwrap();
    assert!(matches!(error, UpstreamError::Broken(_)), "{error}");
}

#[tokio::test]
async fn what_comes_after_the_announced_length_is_no_other_reply() {
    let long = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";
    let party = ThirdParty::at(at(OUTSIDE, 0), long).await;
    let client = Client::new(settings()).unwrap();
    let address = address(&format!("http://{}", party.address));
    for _ in 0..3 {
        let response = get(&client, &address).await.unwrap();
        let whole = response.response.into_body().collect().await.unwrap();
        assert_eq!(whole.to_bytes(), "ok");
    }
}

#[tokio::test]
async fn a_body_without_end_is_cut_at_its_cap() {
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    let response = reply_of(format!("{head}{}", chunk.repeat(100)))
        .await
        .unwrap();
    let body = LimitedBody::new(response.response.into_body(), 1024 * 1024);
    let body = body.ok().unwrap();
    let outcome = body.collect().await;
    assert!(matches!(outcome, Err(ResponseBodyError::TooLarge(_))));
}

#[tokio::test]
async fn heads_that_browsers_take_are_taken() {
    for head in [
        "HTTP/1.1 200\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.0 200 OK\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 200 D'accord \u{e9}\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 2\n\n",
        "HTTP/1.1 200 OK\r\nX-Spaced : 1\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-long: one\r\n two\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: identity\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\n",
    ] {
        let response = reply_of(format!("{head}ok")).await;
        let response = response.unwrap_or_else(|error| panic!("{error}: {head}"));
        let whole = response.response.into_body().collect().await.unwrap();
        assert_eq!(whole.to_bytes(), "ok", "{head}");
    }
}
