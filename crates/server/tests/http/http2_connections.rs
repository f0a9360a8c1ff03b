//! HTTP/2 connections that do nothing, and clients that take nothing of their responses.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, sleep};

use crate::harness::{
    Http2, TestServer, Upstream, endless, instance, kind, pace, request, to_upstream,
};

const SHORT: Duration = Duration::from_millis(300);
/// Short enough to be no other limit's doing, long enough for a busy machine.
const SOON: Duration = Duration::from_secs(4);

async fn quick(upstreams: Vec<backlot_server::handlers::proxy::EntrySettings>) -> TestServer {
    TestServer::start_with(upstreams, |settings| {
        settings.connection_limits.head_timeout = SHORT;
        settings.connection_limits.write = pace(SHORT);
    })
    .await
}

#[tokio::test]
async fn an_idle_http2_connection_is_closed_pings_or_not() {
    let server = quick(vec![]).await;
    let begun = Instant::now();
    let mut client = Http2::connect(server.address, 65_535).await;
    client.get(1, "/healthz", &[]).await;
    client.next(kind::HEADERS, 1).await.unwrap();
    let (mut reading, mut writing) = client.stream.into_split();
    let chatter = tokio::spawn(async move {
        let ping = [0, 0, 8, kind::PING, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
        let settings = [0, 0, 0, kind::SETTINGS, 0, 0, 0, 0, 0];
        let window = [0, 0, 4, kind::WINDOW_UPDATE, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        for frame in [&ping[..], &settings, &window].into_iter().cycle() {
            if writing.write_all(frame).await.is_err() {
                break;
            }
            sleep(SHORT / 10).await;
        }
    });
    let mut sink = tokio::io::sink();
    let ended = tokio::io::copy(&mut reading, &mut sink);
    let _ = tokio::time::timeout(SOON, ended).await.expect("closed");
    assert!(begun.elapsed() >= SHORT);
    chatter.abort();
}

#[tokio::test]
async fn a_client_that_answers_is_told_before_its_idle_connection_is_closed() {
    let server = quick(vec![]).await;
    let mut client = Http2::connect(server.address, 65_535).await;
    let mut said = false;
    while let Some(frame) = client.frame().await {
        match frame.kind {
            kind::PING if !frame.is_ack() => {
                let payload = frame.payload;
                client.send(kind::PING, 1, 0, &payload).await;
            }
            kind::GOAWAY => said = true,
            _ => {}
        }
    }
    assert!(said);
}

#[tokio::test]
async fn an_http2_connection_without_a_whole_head_is_idle() {
    let server = quick(vec![]).await;
    for case in 0..4 {
        let begun = Instant::now();
        let mut client = Http2::connect(server.address, 65_535).await;
        match case {
            0 => {}
            // The beginning of a frame, of a long one, and a head that never ends.
            1 => client.stream.write_all(&[0, 0, 5]).await.unwrap(),
            2 => {
                let mut begun = vec![0, 40, 0, kind::HEADERS, 4, 0, 0, 0, 1];
                begun.extend([0; 100]);
                client.stream.write_all(&begun).await.unwrap();
            }
            _ => {
                let (never, get) = ((true, false), ("GET", "/healthz"));
                client.begin(1, get, &[], never).await;
            }
        }
        client.until_end().await;
        assert!(begun.elapsed() < SOON, "{case}");
    }
}

#[tokio::test]
async fn many_idle_http2_connections_do_not_hold_the_listener() {
    let few = |settings: &mut backlot_server::Settings| {
        settings.connection_limits.head_timeout = SHORT;
        settings.connection_limits.write = pace(SHORT);
        settings.connection_limits.connections = 8;
    };
    let server = TestServer::start_with(vec![], few).await;
    let mut idle = Vec::new();
    for _ in 0..16 {
        idle.push(Http2::connect(server.address, 65_535).await);
    }
    let response = request(server.address, "GET", "/healthz", &[], "").await;
    assert_eq!(response.status, 200);
}

#[tokio::test]
async fn a_stream_of_events_is_no_idle_connection() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n";
    let (address, events) = slow_events(head).await;
    let server = quick(vec![to_upstream("/api", address)]).await;
    let mut client = Http2::connect(server.address, 65_535).await;
    let credential = instance("owner");
    client
        .get(1, "/api", &[("authorization", &credential)])
        .await;
    client.next(kind::DATA, 1).await.unwrap();
    sleep(SHORT * 5).await;
    events.send("data: 2\n\n").unwrap();
    let second = client.next(kind::DATA, 1).await.unwrap();
    assert_eq!(second.payload, b"data: 2\n\n");
}

async fn slow_events(
    head: &'static str,
) -> (
    std::net::SocketAddr,
    tokio::sync::mpsc::UnboundedSender<&'static str>,
) {
    let (sender, mut events) = tokio::sync::mpsc::unbounded_channel::<&'static str>();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        while let Some(event) = events.recv().await {
            stream.write_all(event.as_bytes()).await.unwrap();
        }
    });
    (address, sender)
}

#[tokio::test]
async fn a_stream_without_a_window_is_reset_and_its_connection_lives() {
    let (address, mut closed) = endless().await;
    let server = quick(vec![to_upstream("/api", address)]).await;
    let credential = instance("owner");
    let authorization = [("authorization", &*credential)];
    for window in [0, 10, 40_000] {
        let mut client = Http2::connect(server.address, window).await;
        client.get(1, "/api", &authorization).await;
        client.next(kind::HEADERS, 1).await.unwrap();
        client.next(kind::RST_STREAM, 1).await.expect("a reset");
        closed.recv().await.unwrap();
        client.get(3, "/whoami", &authorization).await;
        client.next(kind::HEADERS, 3).await.expect("a reply");
    }
}

#[tokio::test]
async fn a_connection_without_a_window_frees_its_upstreams() {
    let (address, mut closed) = endless().await;
    let server = quick(vec![to_upstream("/api", address)]).await;
    let credential = instance("owner");
    // The streams have windows, the connection's own 65,535 bytes are used up.
    let mut client = Http2::connect(server.address, 1 << 30).await;
    for stream in [1, 3, 5, 7] {
        client
            .get(stream, "/api", &[("authorization", &credential)])
            .await;
    }
    for _ in 0..4 {
        closed.recv().await.unwrap();
    }
}

#[tokio::test]
async fn windows_given_byte_by_byte_hold_nothing() {
    let (address, mut closed) = endless().await;
    let server = quick(vec![to_upstream("/api", address)]).await;
    let credential = instance("owner");
    let mut client = Http2::connect(server.address, 0).await;
    client
        .get(1, "/api", &[("authorization", &credential)])
        .await;
    let dripping = async {
        loop {
            client.send(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]).await;
            sleep(SHORT / 10).await;
        }
    };
    tokio::select! {
        ended = tokio::time::timeout(SOON, closed.recv()) => assert!(ended.is_ok()),
        () = dripping => {}
    }
}

#[tokio::test]
async fn a_stream_that_is_taken_at_a_steady_rate_goes_on() {
    let (address, mut closed) = endless().await;
    let server = quick(vec![to_upstream("/api", address)]).await;
    let credential = instance("owner");
    let mut client = Http2::connect(server.address, 10_000).await;
    client
        .get(1, "/api", &[("authorization", &credential)])
        .await;
    let begun = Instant::now();
    while begun.elapsed() < SHORT * 5 {
        let frame = client.next(kind::DATA, 1).await.expect("it was ended");
        let bytes = u32::try_from(frame.payload.len()).unwrap().to_be_bytes();
        sleep(SHORT / 10).await;
        client.send(kind::WINDOW_UPDATE, 0, 0, &bytes).await;
        client.send(kind::WINDOW_UPDATE, 0, 1, &bytes).await;
    }
    assert!(closed.try_recv().is_err());
}

#[tokio::test]
async fn requests_that_are_given_up_again_and_again_end_the_connection() {
    let silent = Upstream::saying(vec![""; 1000]).await;
    let server = TestServer::start_with(vec![to_upstream("/api", silent.address)], |settings| {
        // No other limit ends it in time.
        settings.connection_limits.head_timeout = Duration::from_mins(5);
    })
    .await;
    let credential = instance("owner");
    let mut client = Http2::connect(server.address, 65_535).await;
    let mut stream = 1;
    while stream < 20_000 {
        client
            .get(stream, "/api", &[("authorization", &credential)])
            .await;
        // Only what has been taken up counts: the others are never begun.
        tokio::task::yield_now().await;
        client
            .send(kind::RST_STREAM, 0, stream, &[0, 0, 0, 8])
            .await;
        stream += 2;
    }
    client.until_end().await;
    let response = request(server.address, "GET", "/healthz", &[], "").await;
    assert_eq!(response.status, 200);
}
