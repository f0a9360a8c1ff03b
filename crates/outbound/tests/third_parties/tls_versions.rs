//! Which HTTP is spoken over TLS, and what depends on it.

use std::convert::Infallible;
use std::time::Duration;

use backlot_outbound::body::RequestBody;
use backlot_outbound::upstream::{
    Address, Client, UpstreamError, UpstreamResponse, UpstreamTimeouts, forward, take_hop_by_hop,
};
use bytes::Bytes;
use http::header::{TE, UPGRADE};
use http::{Request, Response, StatusCode, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::harness::{Names, OUTSIDE, address, settings, text, tls_server};

/// A server that says which HTTP it was asked in, and `TE` if it was sent. Over HTTP/1.1 it becomes a WebSocket if asked to.
async fn serve(protocols: &[&str]) -> (Client, Address) {
    let (listener, acceptor, certificate) = tls_server(protocols).await;
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else {
                continue;
            };
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            tokio::spawn(async move {
                let io = TokioIo::new(stream);
                if is_http2 {
                    let http2 = http2::Builder::new(TokioExecutor::new());
                    http2.serve_connection(io, service_fn(say)).await
                } else {
                    let connection = http1::Builder::new().serve_connection(io, service_fn(say));
                    connection.with_upgrades().await
                }
            });
        }
    });
    let mut settings = settings();
    settings.extra_roots = vec![certificate];
    let client = Client::with_resolver(settings, Names::saying(&[&[OUTSIDE]])).unwrap();
    (client, address(&format!("https://api.example.com:{port}")))
}

async fn say(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let headers = request.headers();
    let te = headers.get(TE).map_or("", |it| it.to_str().unwrap());
    let body = format!("{:?} {te}", request.version());
    let mut response = Response::new(Full::from(body));
    if let Some(upgrade) = headers.get(UPGRADE)
        && request.version() == Version::HTTP_11
    {
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        response.headers_mut().insert(UPGRADE, upgrade.clone());
    }
    Ok(response)
}

async fn ask(
    (client, address): &(Client, Address),
    headers: &[(&str, &str)],
) -> Result<UpstreamResponse, UpstreamError> {
    let timeouts = UpstreamTimeouts {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(10),
    };
    let mut request = Request::get("/x");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(RequestBody::empty()).unwrap();
    let hop = take_hop_by_hop(&mut request);
    let target = "/x".parse().unwrap();
    forward(client, address, timeouts, target, hop, request).await
}

const WEBSOCKET: [(&str, &str); 4] = [
    ("connection", "upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("sec-websocket-version", "13"),
];

#[tokio::test]
async fn a_websocket_goes_over_http1_whatever_the_server_prefers() {
    for protocols in [&["h2", "http/1.1"][..], &["http/1.1"], &[]] {
        let server = serve(protocols).await;
        for _ in 0..2 {
            let response = ask(&server, &[]).await.unwrap();
            let version = if protocols.contains(&"h2") {
                "HTTP/2.0 "
            } else {
                "HTTP/1.1 "
            };
            assert_eq!(text(response).await, version);
            let response = ask(&server, &WEBSOCKET).await.unwrap();
            assert_eq!(response.response.status(), 101, "{protocols:?}");
            assert!(response.tunnel.is_some());
        }
    }
}

#[tokio::test]
async fn te_goes_along_where_the_server_chooses_http2() {
    let te = [("te", "trailers")];
    let server = serve(&["h2", "http/1.1"]).await;
    for _ in 0..2 {
        assert_eq!(
            text(ask(&server, &te).await.unwrap()).await,
            "HTTP/2.0 trailers"
        );
        assert_eq!(
            ask(&server, &WEBSOCKET).await.unwrap().response.status(),
            101
        );
    }
    let server = serve(&["http/1.1"]).await;
    ask(&server, &[]).await.unwrap();
    assert_eq!(text(ask(&server, &te).await.unwrap()).await, "HTTP/1.1 ");
}
