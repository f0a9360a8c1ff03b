//! Connections that leave HTTP.

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::any;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{accept_hdr_async, connect_async};

use crate::harness::{TestServer, instance, to_upstream};

/// Says back what it hears, after the address it was asked for.
async fn upstream() -> std::net::SocketAddr {
    use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = String::new();
                #[expect(clippy::result_large_err, reason = "the library's own type")]
                let note = |request: &Request, response: Response| {
                    let role = request.headers()["x-backlot-role"].to_str().unwrap();
                    asked = format!("{} as {role}", request.uri());
                    Ok(response)
                };
                let mut socket = accept_hdr_async(stream, note).await.unwrap();
                socket.send(Message::text(asked)).await.unwrap();
                while let Some(Ok(message)) = socket.next().await {
                    if message.is_text() {
                        socket.send(message).await.unwrap();
                    }
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn a_socket_passes_both_ways() {
    let server = TestServer::start(vec![to_upstream("/live", upstream().await)]).await;
    let url = format!(
        "ws://{}/live/feed?a=1&instance={}",
        server.address,
        instance("visitor")
    );
    let (mut socket, response) = connect_async(url).await.unwrap();
    assert_eq!(response.status(), 101);
    assert_eq!(response.headers()["x-request-id"].len(), 36);
    let first = socket.next().await.unwrap().unwrap();
    assert_eq!(first.to_text().unwrap(), "/live/feed?a=1 as visitor");
    for size in [1, 1000, 100_000] {
        let text = "x".repeat(size);
        socket.send(Message::text(text.clone())).await.unwrap();
        assert_eq!(
            socket.next().await.unwrap().unwrap().to_text().unwrap(),
            text
        );
    }
    socket.close(None).await.unwrap();
    drop(socket);
    let log = server.stop_and_read_log().await;
    assert!(
        log.contains("\"status\":101") && !log.contains("instance="),
        "{log}"
    );
}

#[tokio::test]
async fn a_handshake_without_proof_is_refused() {
    let server = TestServer::start(vec![to_upstream("/live", upstream().await)]).await;
    let url = format!("ws://{}/live?instance=nonsense", server.address);
    let error = connect_async(url).await.unwrap_err().to_string();
    assert!(error.contains("401"), "{error}");
}

#[tokio::test]
async fn an_upstream_that_declines_to_switch_is_heard() {
    let router = Router::new().route("/live", any(async || "just http"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let server = TestServer::start(vec![to_upstream("/live", address)]).await;
    let url = format!(
        "ws://{}/live?instance={}",
        server.address,
        instance("owner")
    );
    let error = connect_async(url).await.unwrap_err().to_string();
    assert!(error.contains("200"), "{error}");
}

/// Otherwise an outsider could speak HTTP/2 over the tunnel, past every check.
#[tokio::test]
async fn no_other_protocol_is_switched_to() {
    let mut open = to_upstream("/open", crate::harness::echo().await);
    open.access = backlot_server::policy::AuthPolicy::Anybody;
    let server = TestServer::start(vec![open]).await;
    let key = ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==");
    for upgrade in ["h2c", "foo/1, websocket", "TLS/1.0"] {
        let headers = [("upgrade", upgrade), ("http2-settings", "AAMAAABk"), key];
        let text = format!(
            "GET /open HTTP/1.1\r\nhost: a\r\nconnection: close, upgrade, http2-settings\r\n{}\r\n",
            headers
                .map(|(name, value)| format!("{name}: {value}\r\n"))
                .concat()
        );
        let response = crate::harness::raw(server.address, text.as_bytes())
            .await
            .unwrap();
        assert_eq!(response.status, 200, "{upgrade}: {response:?}");
        let seen = response.json()["headers"].to_string();
        assert!(
            !seen.contains("http2-settings") && !seen.contains("\"upgrade\""),
            "{seen}"
        );
    }
}

#[tokio::test]
async fn a_switch_that_nobody_asked_for_is_no_reply() {
    const SWITCH: &str =
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n";
    let upstream = crate::harness::Upstream::saying(vec![SWITCH]).await;
    let server = TestServer::start(vec![to_upstream("/live", upstream.address)]).await;
    let credential = instance("owner");
    let headers = [("authorization", credential.as_str())];
    let response = crate::harness::request(server.address, "GET", "/live", &headers, "").await;
    assert_eq!(
        (response.status, response.code().as_str()),
        (502, "UPSTREAM_BROKEN")
    );
}

#[tokio::test]
async fn a_tunnel_keeps_its_connections_place() {
    let few = |settings: &mut backlot_server::Settings| settings.connection_limits.connections = 1;
    let server = TestServer::start_with(vec![to_upstream("/live", upstream().await)], few).await;
    let url = format!(
        "ws://{}/live?instance={}",
        server.address,
        instance("visitor")
    );
    let (socket, _) = connect_async(url).await.unwrap();
    let gauge = async || {
        let text = crate::harness::request(server.admin, "GET", "/metrics", &[], "")
            .await
            .body;
        text.lines()
            .find(|line| line.starts_with("backlot_open_connections "))
            .map(str::to_owned)
    };
    assert_eq!(gauge().await.as_deref(), Some("backlot_open_connections 1"));
    let waiting = tokio::spawn(async move {
        crate::harness::request(server.address, "GET", "/healthz", &[], "")
            .await
            .status
    });
    tokio::task::yield_now().await;
    assert!(
        !waiting.is_finished(),
        "there is one place, and it is taken"
    );
    drop(socket);
    assert_eq!(waiting.await.unwrap(), 200);
}

/// Waits for the end of a socket: its code and reason.
async fn end<S>(mut socket: tokio_tungstenite::WebSocketStream<S>) -> (u16, String)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    loop {
        match socket.next().await {
            Some(Ok(Message::Close(Some(frame)))) => {
                return (frame.code.into(), frame.reason.to_string());
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return (1006, String::new()),
        }
    }
}

const CREDENTIAL_ENDED: (u16, &str) = (1001, "the credential has ended");

fn is_end((code, reason): (u16, String), expected: (u16, &str)) {
    assert_eq!((code, reason.as_str()), expected);
}

/// One round trip: the tunnel runs, and waits for its end.
async fn say<S>(socket: &mut tokio_tungstenite::WebSocketStream<S>, word: &str)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    socket.send(Message::text(word)).await.unwrap();
    loop {
        let heard = socket.next().await.unwrap().unwrap();
        if heard.to_text().unwrap() == word {
            return;
        }
    }
}

#[tokio::test]
async fn a_socket_ends_when_its_credential_does() {
    let server = TestServer::start(vec![to_upstream("/live", upstream().await)]).await;
    let credential = instance("visitor");
    let headers = [("authorization", credential.as_str())];
    let whoami = crate::harness::request(server.address, "GET", "/whoami", &headers, "").await;
    let ends_at = whoami.json()["expiresAt"].as_str().unwrap().to_owned();
    let ends_at: jiff::Timestamp = ends_at.parse().unwrap();
    let skew = backlot_wix::signed_instance::Policy::DEFAULT_CLOCK_SKEW;

    let url = format!("ws://{}/live?instance={credential}", server.address);
    let (mut socket, _) = connect_async(&url).await.unwrap();
    say(&mut socket, "first").await;
    server
        .clock
        .set(ends_at + skew - jiff::SignedDuration::from_millis(1));
    say(&mut socket, "while a request is accepted, too").await;
    server
        .clock
        .set(ends_at + skew + jiff::SignedDuration::from_millis(1));
    is_end(end(socket).await, CREDENTIAL_ENDED);
    let error = connect_async(&url).await.unwrap_err().to_string();
    assert!(error.contains("401"), "{error}");
    assert!(server.stop().await, "it is not waited for");
}

#[tokio::test]
async fn no_socket_lasts_longer_than_is_allowed() {
    let upstream = upstream().await;
    let minute = jiff::SignedDuration::from_mins(1);
    let server = TestServer::start_with(vec![to_upstream("/live", upstream)], |settings| {
        settings.websocket_max_lifetime = Some(minute);
    })
    .await;
    let url = format!(
        "ws://{}/live?instance={}",
        server.address,
        instance("visitor")
    );
    let (mut socket, _) = connect_async(&url).await.unwrap();
    say(&mut socket, "first").await;
    let opened_at = server.clock.now();
    server.clock.set(opened_at + minute / 2);
    let (mut later, _) = connect_async(&url).await.unwrap();
    say(&mut later, "second").await;
    server.clock.set(opened_at + minute);
    is_end(end(socket).await, CREDENTIAL_ENDED);
    say(&mut later, "each has a time of its own").await;
    server.clock.set(opened_at + minute * 2);
    is_end(end(later).await, CREDENTIAL_ENDED);
}

/// A frame that is being sent when the server stops is sent to its end: a close frame fits between two alone.
#[tokio::test]
async fn sockets_end_with_a_close_frame_and_hold_up_no_stop() {
    let long = |settings: &mut backlot_server::Settings| {
        settings.drain_timeout = Duration::from_secs(30);
    };
    let (heard, mut hearing) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let heard = heard.clone();
            tokio::spawn(async move {
                let socket = tokio_tungstenite::accept_async(stream).await.unwrap();
                let (mut sending, receiving) = socket.split();
                let flood = async {
                    // More than lies ready anywhere, so that a frame is always under way.
                    while sending
                        .send(Message::binary(vec![0; 300_000]))
                        .await
                        .is_ok()
                    {}
                };
                let receiving = receiving.for_each(|message| {
                    let code = message.ok().and_then(|it| match it {
                        Message::Close(frame) => frame.map(|frame| u16::from(frame.code)),
                        _ => None,
                    });
                    let _ = code.map(|code| heard.send(code));
                    std::future::ready(())
                });
                tokio::join!(flood, receiving);
            });
        }
    });
    let entries = vec![
        to_upstream("/live", upstream().await),
        to_upstream("/flood", address),
    ];
    let server = TestServer::start_with(entries, long).await;
    let open = async |path: &str| {
        let url = format!(
            "ws://{}/{path}?instance={}",
            server.address,
            instance("visitor")
        );
        connect_async(url).await.unwrap().0
    };
    let mut quiet = open("live").await;
    say(&mut quiet, "it runs").await;
    let mut flooded = open("flood").await;
    flooded.next().await.unwrap().unwrap();
    let ends = async { tokio::join!(end(quiet), end(flooded)) };
    let begun = Instant::now();
    let (in_time, (quiet, flooded)) = tokio::join!(server.stop(), ends);
    assert!(
        in_time && begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    let going = (1001, "the server is going away");
    is_end(quiet, going);
    is_end(flooded, going);
    assert_eq!(hearing.recv().await, Some(1001));
}

#[tokio::test]
async fn a_client_hears_when_its_upstream_goes_without_a_word() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        socket.next().await;
    });
    let server = TestServer::start(vec![to_upstream("/live", address)]).await;
    let url = format!(
        "ws://{}/live?instance={}",
        server.address,
        instance("visitor")
    );
    let (mut socket, _) = connect_async(url).await.unwrap();
    socket.send(Message::text("go")).await.unwrap();
    is_end(end(socket).await, (1001, "the server has gone"));
}
