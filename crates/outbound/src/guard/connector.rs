//! Dials what may be dialled.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::{Service, ServiceExt as _};

use super::resolve::GuardedResolver;
use super::{AddressGuard, AddressRefused, Resolve};

/// Makes TCP connections, to permitted addresses only where there is a guard.
///
/// The library's connector does the dialling: the addresses of a name one after the other, within one
/// time for all. It dials a host that is written as an address without looking it up, so that one is
/// checked here; all others, `0x7f.1` and `localhost` among them, go through the resolver.
#[derive(Clone)]
pub struct GuardedConnector {
    dial: HttpConnector<GuardedResolver>,
    guard: Option<AddressGuard>,
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
        Self { dial, guard }
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
    type Response = TokioIo<TcpStream>;
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
        Box::pin(async move { Ok(dial.oneshot(uri).await?) })
    }
}
