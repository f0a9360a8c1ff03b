//! Dials what may be dialled.

use std::io;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::{Service, ServiceExt as _};

use super::resolver::GuardedResolver;
use super::{AddressGuard, AddressRefused, Resolve};
use crate::body::PaceLimits;
use crate::early_response::EarlyResponse;
use crate::paced_stream::PacedStream;

/// How long a server may take nothing of a request. Without a limit, a connection to one that has stopped
/// reading would stay, with the request's body in its buffers, long after the request was given up: hyper
/// ends a connection only once all that it has begun to write is taken. Any byte is enough, since there is
/// no telling what a server has to do with it first.
const WRITE_LIMITS: PaceLimits = PaceLimits {
    timeout: Duration::from_mins(1),
    bytes_per_second: NonZeroU32::MIN,
};

/// Makes TCP connections, to permitted addresses only where there is a guard.
///
/// The library's connector does the dialling: the addresses of a name one after the other, within one
/// time for all. It dials a host that is written as an address without looking it up, so that one is
/// checked here; all others, `0x7f.1` and `localhost` among them, go through the resolver.
#[derive(Clone)]
pub struct GuardedConnector {
    dial: HttpConnector<GuardedResolver>,
    guard: Option<AddressGuard>,
    connect_timeout: Duration,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl GuardedConnector {
    /// Dials what `guard` permits, or everything without one, of what `names` finds, within
    /// `connect_timeout` for each connection.
    pub fn new(
        guard: Option<AddressGuard>,
        names: Arc<dyn Resolve>,
        connect_timeout: Duration,
    ) -> Self {
        let resolver = GuardedResolver {
            names,
            guard: guard.clone(),
        };
        let mut dial = HttpConnector::new_with_resolver(resolver);
        dial.set_nodelay(true);
        dial.set_connect_timeout(Some(connect_timeout));
        // TLS is what wraps this connector.
        dial.enforce_http(false);
        Self {
            dial,
            guard,
            connect_timeout,
        }
    }

    fn refuses(&self, host: &str) -> bool {
        let address = host.trim_start_matches('[').trim_end_matches(']');
        match (&self.guard, address.parse::<IpAddr>()) {
            (Some(guard), Ok(address)) => !guard.permits(address),
            _ => false,
        }
    }
}

impl Service<Uri> for GuardedConnector {
    type Response = TokioIo<EarlyResponse<PacedStream<TcpStream>>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let host = uri.host().unwrap_or_default();
        if self.refuses(host) {
            let host = host.to_owned();
            return Box::pin(async { Err(AddressRefused { host }.into()) });
        }
        let dial = self.dial.clone();
        let connect_timeout = self.connect_timeout;
        Box::pin(async move {
            // The library's own limit does not count the time in which the name is looked up.
            let dialled = timeout(connect_timeout, dial.oneshot(uri)).await;
            let stream = dialled.map_err(|_| no_connection())??.into_inner();
            let stream = EarlyResponse::new(PacedStream::new(stream, WRITE_LIMITS));
            Ok(TokioIo::new(stream))
        })
    }
}

fn no_connection() -> io::Error {
    let sentence = "no connection came about in time";
    io::Error::new(io::ErrorKind::TimedOut, sentence)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    use super::super::{Resolved, SystemResolver};
    use super::*;

    /// A resolver that never answers.
    struct Silent;

    impl Resolve for Silent {
        fn resolve(&self, _: &str) -> Resolved {
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_resolver_that_never_answers_ends_with_the_time_to_connect() {
        let time = Duration::from_secs(3);
        let connector = GuardedConnector::new(None, Arc::new(Silent), time);
        let begun = Instant::now();
        let uri = "http://upstream.example/".parse().unwrap();
        let error = connector.oneshot(uri).await.err().unwrap();
        assert!(error.to_string().contains("in time"), "{error}");
        assert_eq!(begun.elapsed(), time);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_stops_reading_holds_no_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/", listener.local_addr().unwrap());
        let day = Duration::from_hours(24);
        let connector = GuardedConnector::new(None, Arc::new(SystemResolver), day);
        let stream = connector.oneshot(uri.parse().unwrap()).await.unwrap();
        let (_unread, _) = listener.accept().await.unwrap();
        let begun = Instant::now();
        let written = stream.into_inner().write_all(&vec![0; 64 << 20]).await;
        assert_eq!(written.unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(begun.elapsed() >= WRITE_LIMITS.timeout);
    }
}
