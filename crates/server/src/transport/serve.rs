//! Serving a plain router on a listener: the admin pages, the simulator, a demo upstream.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use axum::Router;
use futures_util::future::BoxFuture;
use hyper::service::service_fn;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use super::accept::{ConnectionLimits, accept};
use super::shutdown::Drain;
use std::time::Duration;

/// Serves `router` until `shutdown` is ready, then for as long as its requests need, but no longer
/// than `drain_timeout`.
pub fn serve_router<'until>(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    drain_timeout: Duration,
    shutdown: impl Future<Output = ()> + Send + 'until,
) -> BoxFuture<'until, ()> {
    boxed(listener, router, limits, drain_timeout, Box::pin(shutdown))
}

/// In a box, so that it is compiled in this crate (see `server`).
#[inline(never)]
fn boxed(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    drain_timeout: Duration,
    shutdown: BoxFuture<'_, ()>,
) -> BoxFuture<'_, ()> {
    Box::pin(serve(listener, router, limits, drain_timeout, shutdown))
}

async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    drain_timeout: Duration,
    shutdown: BoxFuture<'_, ()>,
) {
    let drain = Drain::new();
    let (phase, alive) = (drain.phase(), drain.alive().clone());
    let service = move |_, _, place| {
        let router = router.clone();
        let place = Arc::new(place);
        let service = service_fn(move |request| {
            let (router, place) = (router.clone(), Arc::clone(&place));
            async move {
                let _place = place;
                Ok::<_, Infallible>(
                    router
                        .oneshot(request)
                        .await
                        .unwrap_or_else(|never| match never {}),
                )
            }
        });
        (service, None)
    };
    let accepting = accept(listener, limits, phase, alive, service);
    tokio::pin!(accepting);
    tokio::select! {
        () = &mut accepting => return,
        () = shutdown => {}
    }
    let closing = drain.close(drain_timeout);
    tokio::join!(accepting, closing);
}
