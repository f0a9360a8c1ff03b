//! The destination of a subscription: takes each delivery at once, and counts them.
//!
//! `POST` takes a delivery. `GET` returns how many were taken, and how many of them were distinct by `webhook-id`.

#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use backlot_benchmark_peers::{Arguments, Failure, Reply, empty, serve};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use tokio::runtime;

#[derive(Default)]
struct Received {
    count: u64,
    ids: HashSet<u64>,
}

fn main() -> Result<(), Failure> {
    let address = Arguments::read()?.get("listen")?;
    let received = Arc::new(Mutex::new(Received::default()));
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(serve(address, move |request| {
            take(request, Arc::clone(&received))
        }))
}

async fn take(request: Request<Incoming>, received: Arc<Mutex<Received>>) -> Reply {
    let (head, body) = request.into_parts();
    if head.method != Method::POST {
        let received = received.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, distinct) = (received.count, received.ids.len());
        let json = format!("{{\"received\":{count},\"distinct\":{distinct}}}");
        return Response::new(Full::new(Bytes::from(json)));
    }
    if body.collect().await.is_err() {
        return empty(StatusCode::BAD_REQUEST);
    }
    let mut hasher = DefaultHasher::new();
    head.headers.get("webhook-id").hash(&mut hasher);
    let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
    received.count += 1;
    received.ids.insert(hasher.finish());
    empty(StatusCode::NO_CONTENT)
}
