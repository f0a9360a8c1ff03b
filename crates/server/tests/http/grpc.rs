//! gRPC to an upstream that speaks HTTP/2.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use backlot_outbound::upstream::Address;
use backlot_server::handlers::proxy::Destination;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;

use crate::harness::{TestServer, instance, to_upstream};

/// As gRPC servers are: no call without `te: trailers`, and the status after the body.
async fn call(headers: HeaderMap, body: axum::body::Bytes) -> Response {
    let mut response = Response::new(Body::empty());
    let content_type = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", content_type);
    if headers.get_all("te").iter().ne(["trailers"]) {
        let status = HeaderValue::from_static("13");
        response.headers_mut().insert("grpc-status", status);
        return response;
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = Full::new(body).with_trailers(async { Some(Ok(trailers)) });
    *response.body_mut() = Body::new(body);
    response
}

#[tokio::test]
async fn a_call_goes_through_and_its_status_comes_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(call)).await });
    let mut entry = to_upstream("/shop.Cart", upstream);
    let address = Address::parse(&format!("http://{upstream}"), true).unwrap();
    entry.destination = Destination::Upstream(address);
    let server = TestServer::start(vec![entry]).await;

    let client = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http::<Full<Bytes>>();
    for (te, status) in [(Some("trailers"), "0"), (None, "13")] {
        let mut request = Request::post(format!("http://{}/shop.Cart/Add", server.address))
            .header("content-type", "application/grpc")
            .header("authorization", instance("member"));
        if let Some(te) = te {
            request = request.header("te", te);
        }
        let request = request.body(Full::from(&b"\0\0\0\0\x01x"[..])).unwrap();
        let response = client.request(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap();
        let said = body.trailers().unwrap_or(&head.headers);
        assert_eq!(said["grpc-status"], status, "{te:?}");
        let echoed = usize::from(status == "0") * 6;
        assert_eq!(body.to_bytes().len(), echoed);
    }
}
