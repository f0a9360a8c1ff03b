//! From names to addresses that may be dialled.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

use super::{AddressGuard, AddressRefused};

/// The most addresses of one name that are dialled, one after the other.
const MAX_ADDRESSES: usize = 16;

/// Looks names up.
pub trait Resolve: Send + Sync {
    /// The addresses of `host`, the best first. An error when there is no such name.
    fn resolve(&self, host: &str) -> Resolved;
}

/// The addresses of a name, in the resolver's order.
pub type Resolved = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Asks the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: &str) -> Resolved {
        let host = host.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Looks names up and leaves out the addresses that may not be dialled.
#[derive(Clone)]
pub(super) struct GuardedResolver {
    pub(super) names: Arc<dyn Resolve>,
    pub(super) guard: Option<AddressGuard>,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Service<Name> for GuardedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (names, guard) = (Arc::clone(&self.names), self.guard.clone());
        Box::pin(async move {
            let host = name.as_str();
            let found = names.resolve(host).await?;
            let some = !found.is_empty();
            let permitted: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| guard.as_ref().is_none_or(|it| it.permits(*address)))
                .take(MAX_ADDRESSES)
                // The connector knows the port.
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if permitted.is_empty() && some {
                let host = host.to_owned();
                return Err(AddressRefused { host }.into());
            }
            Ok(permitted.into_iter())
        })
    }
}
