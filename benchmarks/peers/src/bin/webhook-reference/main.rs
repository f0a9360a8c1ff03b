//! The least that has to happen to a webhook: its signature is verified, its id is read, and one row is on disk before the
//! response. Commits are grouped. The upper bound that Backlot's intake is measured against.
//!
//! It has no deliveries, lanes or log.

#![forbid(unsafe_code)]

mod postgres;
mod sqlite;
mod webhook;

use std::path::PathBuf;
use std::sync::Arc;

use backlot_benchmark_peers::{Arguments, Failure, Reply, empty, serve};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use tokio::runtime;
use tokio::sync::{mpsc, oneshot};

use webhook::{Event, Verifier};

/// The most events of one transaction, as many as Backlot's.
const MAX_GROUP_SIZE: usize = 512;

/// An event on its way to the database. The answer says whether it is on disk.
struct Waiting {
    event: Event,
    answer: oneshot::Sender<bool>,
}

struct Intake {
    verifier: Verifier,
    store: mpsc::UnboundedSender<Waiting>,
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read()?;
    let address = arguments.get("listen")?;
    let url: String = arguments.get("database")?;
    let pem = std::fs::read_to_string(arguments.get::<PathBuf>("public-key")?)?;
    let verifier = Verifier::new(&pem)?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        let (store, waiting) = mpsc::unbounded_channel();
        match url.strip_prefix("sqlite://") {
            Some(path) => sqlite::start(path, waiting)?,
            None => postgres::start(&url, waiting).await?,
        }
        let intake = Arc::new(Intake { verifier, store });
        serve(address, move |request| {
            receive(request, Arc::clone(&intake))
        })
        .await
    })
}

async fn receive(request: Request<Incoming>, intake: Arc<Intake>) -> Reply {
    if request.method() != Method::POST {
        return empty(StatusCode::NOT_FOUND);
    }
    let Ok(body) = request.into_body().collect().await else {
        return empty(StatusCode::BAD_REQUEST);
    };
    let Some(event) = intake.verifier.verify(&body.to_bytes()) else {
        return empty(StatusCode::UNAUTHORIZED);
    };
    let (answer, answered) = oneshot::channel();
    if intake.store.send(Waiting { event, answer }).is_err() || answered.await != Ok(true) {
        return empty(StatusCode::SERVICE_UNAVAILABLE);
    }
    Response::new(Full::new(Bytes::from_static(b"{}")))
}
