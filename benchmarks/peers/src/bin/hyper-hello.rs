//! Bare hyper: answers "hello" to whatever it is asked, on one thread, and checks nothing.
//!
//! The upper bound that Backlot is measured against, and the upstream of every proxy in the
//! forwarding benchmark. It reads no header, routes nothing and logs nothing.

#![forbid(unsafe_code)]

use std::{
    convert::Infallible,
    env,
    error::Error,
    future::{Ready, ready},
    net::SocketAddr,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, Response,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, runtime};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let address = listen_address(env::args().skip(1))?;
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(serve(address))
}

/// Reads `--listen ADDRESS`, the only thing this program takes.
fn listen_address(mut arguments: impl Iterator<Item = String>) -> Result<SocketAddr, Failure> {
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("--listen"), Some(address)) => Ok(address.parse()?),
        _ => Err("usage: hyper-hello --listen ADDRESS:PORT".into()),
    }
}

async fn serve(address: SocketAddr) -> Result<(), Failure> {
    let listener = TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        if stream.set_nodelay(true).is_err() {
            continue; // Gone already.
        }
        // Broken connections are ignored: the generator cuts all of them at the end.
        tokio::spawn(
            http1::Builder::new()
                .pipeline_flush(false)
                .serve_connection(TokioIo::new(stream), service_fn(hello)),
        );
    }
}

type Answer = Result<Response<Full<Bytes>>, Infallible>;

fn hello(_request: Request<Incoming>) -> Ready<Answer> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"hello")));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    ready(Ok(response))
}
