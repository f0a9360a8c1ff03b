//! Ending well: no request that was accepted is cut.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use backlot_server::Shutdown;
use tokio::sync::{Semaphore, mpsc};

use crate::harness::{TestServer, instance, request, to_router};

/// A route that says that it was reached and waits until it may answer.
fn held() -> (
    Router,
    mpsc::UnboundedReceiver<()>,
    std::sync::Arc<Semaphore>,
) {
    let (reached, reaching) = mpsc::unbounded_channel();
    let gate = std::sync::Arc::new(Semaphore::new(0));
    let door = std::sync::Arc::clone(&gate);
    let router = Router::new().route(
        "/api/held",
        get(async move || {
            reached.send(()).unwrap();
            door.acquire().await.unwrap().forget();
            "done"
        }),
    );
    (router, reaching, gate)
}

#[tokio::test]
async fn requests_in_flight_are_answered() {
    let (router, mut reaching, gate) = held();
    let mut server = TestServer::start(vec![to_router("/api", router)]).await;
    let address = server.address;
    let credential = instance("owner");
    let asking: Vec<_> = (0..10)
        .map(|_| {
            let credential = credential.clone();
            tokio::spawn(async move {
                let headers = [("authorization", credential.as_str())];
                request(address, "GET", "/api/held", &headers, "").await
            })
        })
        .collect();
    for _ in 0..10 {
        reaching.recv().await.unwrap();
    }
    server.ask_to_stop(Shutdown::Graceful);
    gate.add_permits(10);
    for response in asking {
        let response = response.await.unwrap();
        assert_eq!((response.status, response.body.as_str()), (200, "done"));
    }
    assert!(server.stop().await, "nothing was cut");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn what_takes_too_long_is_cut_and_said() {
    let (router, mut reaching, _gate) = held();
    let impatient = |settings: &mut backlot_server::Settings| {
        settings.drain_timeout = Duration::from_millis(50);
    };
    let server = TestServer::start_with(vec![to_router("/api", router)], impatient).await;
    let address = server.address;
    let asking = tokio::spawn(async move {
        let credential = instance("owner");
        let text =
            format!("GET /api/held HTTP/1.1\r\nhost: a\r\nauthorization: {credential}\r\n\r\n");
        crate::harness::raw(address, text.as_bytes()).await
    });
    reaching.recv().await.unwrap();
    assert!(!server.stop().await, "it says that something was cut");
    asking.abort();
}

#[tokio::test]
async fn readiness_ends_first_and_clients_are_asked_to_leave() {
    let (router, mut reaching, gate) = held();
    let lingering = |settings: &mut backlot_server::Settings| {
        settings.drain_linger = Duration::from_millis(700);
    };
    let mut server = TestServer::start_with(vec![to_router("/api", router)], lingering).await;
    let address = server.address;
    let asking = tokio::spawn(async move {
        let credential = instance("owner");
        let headers = [("authorization", credential.as_str())];
        request(address, "GET", "/api/held", &headers, "").await
    });
    reaching.recv().await.unwrap();
    let ready = request(address, "GET", "/readyz", &[], "").await;
    assert_eq!(
        (ready.status, ready.header("connection").as_str()),
        (200, "close"),
        "asked for"
    );
    server.ask_to_stop(Shutdown::Graceful);
    let unready = loop {
        let response = request(address, "GET", "/readyz", &[], "").await;
        if response.status != 200 {
            break response;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(
        (unready.status, unready.code().as_str()),
        (503, "NOT_READY")
    );
    assert_eq!(unready.header("connection"), "close");
    gate.add_permits(1);
    assert_eq!(asking.await.unwrap().status, 200);
    assert!(server.stop().await);
}

#[tokio::test]
async fn a_full_house_can_be_closed() {
    let (router, mut reaching, _gate) = held();
    let full = |settings: &mut backlot_server::Settings| {
        settings.connection_limits.connections = 1;
        settings.drain_timeout = Duration::from_millis(50);
    };
    let server = TestServer::start_with(vec![to_router("/api", router)], full).await;
    let address = server.address;
    let asking = tokio::spawn(async move {
        let credential = instance("owner");
        let text =
            format!("GET /api/held HTTP/1.1\r\nhost: a\r\nauthorization: {credential}\r\n\r\n");
        crate::harness::raw(address, text.as_bytes()).await
    });
    reaching.recv().await.unwrap();
    assert!(
        !server.stop().await,
        "it ends, and says that something was cut"
    );
    asking.abort();
}
