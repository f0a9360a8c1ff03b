//! Upstreams: one that says what it was asked, and one that says exact bytes.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// An upstream that responses with what it was asked, as JSON.
pub async fn echo() -> SocketAddr {
    let router = Router::new().fallback(say);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn say(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> axum::Json<Value> {
    let headers: Vec<(String, String)> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("?").to_owned()))
        .collect();
    axum::Json(json!({
        "method": method.as_str(),
        "uri": uri.to_string(),
        "headers": headers,
        "bodyBytes": body.len(),
    }))
}

/// An upstream that reads a request's head and says exact bytes, one script a connection.
pub struct Upstream {
    pub address: SocketAddr,
    /// How many connections it has had.
    pub connections: Arc<Mutex<usize>>,
}

impl Upstream {
    /// For each head that arrives the next piece of `script` is sent; then the connection is
    /// closed. An empty piece closes it without a word.
    pub async fn saying(script: Vec<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(Mutex::new(0));
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                *counter.lock() += 1;
                let script = script.clone();
                tokio::spawn(async move {
                    for piece in script {
                        if read_head(&mut stream).await.is_none() {
                            return;
                        }
                        let _ = stream.write_all(piece.as_bytes()).await;
                    }
                });
            }
        });
        Self {
            address,
            connections,
        }
    }
}

async fn read_head(stream: &mut tokio::net::TcpStream) -> Option<()> {
    let mut received = Vec::new();
    while !received.ends_with(b"\r\n\r\n") {
        received.push(stream.read_u8().await.ok()?);
    }
    Some(())
}

/// An upstream whose responses never end. Each connection that is closed under one is told.
pub async fn endless() -> (SocketAddr, mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (closed, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let closed = closed.clone();
            tokio::spawn(async move {
                read_head(&mut stream).await;
                let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
                let mut sent = stream.write_all(head.as_bytes()).await;
                while sent.is_ok() {
                    sent = stream.write_all(&[b'x'; 16 * 1024]).await;
                }
                let _ = closed.send(());
            });
        }
    });
    (address, receiver)
}
