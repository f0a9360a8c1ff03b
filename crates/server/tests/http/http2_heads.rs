//! Heads that are too large over HTTP/2: refused as over HTTP/1.1, as far as the protocol lets a server.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::harness::{PAGE, TestServer};

/// The status, the code, and whether the response has what all refusals have.
async fn ask(
    server: &TestServer,
    path: &str,
    headers: &[(String, String)],
) -> Option<(u16, String)> {
    let client = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http::<Empty<Bytes>>();
    let mut request =
        Request::get(format!("http://{}{path}", server.address)).header("origin", PAGE);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let response = client
        .request(request.body(Empty::new()).unwrap())
        .await
        .ok()?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    let said: Value = serde_json::from_slice(&body).unwrap_or_default();
    let code = said["details"]["applicationError"]["code"].as_str();
    let code = code.unwrap_or_default().to_owned();
    if head.status != StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE || !code.is_empty() {
        assert_eq!(head.headers["access-control-allow-origin"], PAGE);
        assert!(head.headers.contains_key("x-request-id"));
    }
    Some((head.status.as_u16(), code))
}

/// So many headers of so many bytes each, as HTTP/1.1 writes them.
fn headers(count: usize, bytes: usize) -> Vec<(String, String)> {
    let header = |number: usize| {
        let name = format!("x-{number:04}");
        let value = "v".repeat(bytes - name.len() - 4);
        (name, value)
    };
    (0..count).map(header).collect()
}

/// The server's limit is 16 KiB, and 64 KiB are read.
#[tokio::test]
async fn heads_up_to_four_times_the_limit_are_refused_in_full() {
    let server = TestServer::start(vec![]).await;
    let refused = Some((431, "HEADERS_TOO_LARGE".to_owned()));
    let path = |bytes: usize| format!("/{}", "p".repeat(bytes));
    for (path, headers) in [
        (path(17_000), vec![]),
        (path(60_000), vec![]),
        (path(0), headers(1, 17_000)),
        (path(0), headers(1, 65_000)),
        (path(0), headers(16, 4_000)),
        // As HTTP/2 counts them, these are 8 KiB more.
        (path(0), headers(250, 260)),
        (path(30_000), headers(100, 340)),
    ] {
        assert_eq!(ask(&server, &path, &headers).await, refused);
    }
    let fine = ask(&server, "/healthz", &headers(50, 200)).await;
    assert_eq!(fine, Some((200, String::new())));
    // What is larger is answered by the protocol's own means, and the server lives.
    let bare = ask(&server, "/", &headers(1, 200_000)).await;
    assert_eq!(bare.unwrap_or((431, String::new())), (431, String::new()));
    let reset = ask(&server, &path(65_400), &[]).await;
    assert_eq!(
        reset.unwrap_or_else(|| (431, "HEADERS_TOO_LARGE".to_owned())),
        (431, "HEADERS_TOO_LARGE".to_owned())
    );
    assert_eq!(
        ask(&server, "/healthz", &[]).await,
        Some((200, String::new()))
    );
}
