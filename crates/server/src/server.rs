//! Starting, running and stopping a server.
//!
//! A future is compiled where it is first polled. Those of [`Server::bind`] and [`Server::run`] have the whole server in them,
//! so they come in a box: they are compiled here, once, and not in each program and each test that runs a server.

use std::any::Any;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backlot_store::Store;
use futures_util::future::BoxFuture;
use hyper::service::service_fn;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};

use crate::background;
use crate::build::build;
use crate::clock::Clock;
use crate::context::SharedContext;
use crate::data::JobRunner;
use crate::events::Deliveries;
use crate::handlers::admin;
use crate::refused_head::refuse_head;
use crate::service::{self, Service};
use crate::settings::Settings;
use crate::startup_error::StartupError;
use crate::state::AppState;
use crate::telemetry::log::RequestLog;
use crate::transport::{
    ConnectionLimits, ConnectionPermit, Drain, Peer, RefuseHead, accept, serve_router,
};

/// How to shut a server down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shutdown {
    /// Finishes requests in flight, within `server.drain_timeout`.
    Graceful,
    /// Ends within a second, for development.
    Immediate,
}

/// The most connections of the admin listener: for a few people, and what watches.
const ADMIN_CONNECTIONS: usize = 64;

/// Why requests were cut when the server was to end soon, and when it was to end well.
const CUT_IMMEDIATE: &str = "the server was to end soon (Ctrl-C), which waits for a second at most";
const CUT_GRACEFUL: &str = "they took longer than server.drain_timeout";
const IMMEDIATE_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest that work in the background may take to end. Nothing of it is lost: what is under way is undone, and done
/// again at the next start.
const BACKGROUND_TIMEOUT: Duration = Duration::from_secs(3);
/// The longest that the last counts may take to be written, whatever the database does.
const FINAL_WRITE_TIMEOUT: Duration = Duration::from_secs(3);

/// A server with bound listeners. Connections are queued until [`Server::run`] accepts them.
pub struct Server {
    service: Arc<Service>,
    drain: Drain,
    public: TcpListener,
    admin: TcpListener,
    connections: ConnectionLimits,
    drain_linger: Duration,
    drain_timeout: Duration,
    public_address: SocketAddr,
    admin_address: SocketAddr,
    /// What must live as long as the server does.
    held: Option<Box<dyn Any + Send>>,
}

impl Server {
    /// Keeps something until the server has ended: a lock, say.
    #[doc(hidden)]
    #[must_use]
    pub fn holding(mut self, held: impl Any + Send) -> Self {
        self.held = Some(Box::new(held));
        self
    }

    /// Binds the listeners and makes everything ready.
    #[doc(hidden)]
    #[inline(never)]
    pub fn bind(
        settings: Settings,
        store: Store,
        clock: Clock,
        log: RequestLog,
    ) -> BoxFuture<'static, Result<Self, StartupError>> {
        Box::pin(Self::make(settings, store, clock, log))
    }

    async fn make(
        settings: Settings,
        store: Store,
        clock: Clock,
        log: RequestLog,
    ) -> Result<Self, StartupError> {
        let public = listen(settings.listen).await?;
        let admin = listen(settings.admin_listen).await?;
        let address = |listener: &TcpListener, fallback| listener.local_addr().unwrap_or(fallback);
        let drain = Drain::new();
        let admin_address = address(&admin, settings.admin_listen);
        let connections = settings.connection_limits;
        let (drain_linger, drain_timeout) = (settings.drain_linger, settings.drain_timeout);
        let public_address = address(&public, settings.listen);
        let service = build(
            settings,
            store,
            clock,
            log,
            &drain,
            public_address,
            admin_address,
        );
        Ok(Self {
            public_address,
            admin_address,
            public,
            admin,
            connections,
            drain_linger,
            drain_timeout,
            service: Arc::new(service.await?),
            drain,
            held: None,
        })
    }

    /// Returns the address of the public listener. For port 0, it has the port that was taken.
    pub const fn public_address(&self) -> SocketAddr {
        self.public_address
    }

    /// Returns the address of the admin listener.
    pub const fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Serves requests until `stop` resolves, then shuts down. Returns whether all requests in flight were finished.
    pub fn run<'stop>(
        self,
        stop: impl Future<Output = Shutdown> + Send + 'stop,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'stop>> {
        self.run_boxed(Box::pin(stop))
    }

    #[inline(never)]
    fn run_boxed(self, stop: BoxFuture<'_, Shutdown>) -> BoxFuture<'_, bool> {
        Box::pin(self.run_until(stop))
    }

    async fn run_until(self, stop: BoxFuture<'_, Shutdown>) -> bool {
        let service = Arc::clone(&self.service);
        let activity = Arc::clone(&service);
        let state = Arc::clone(&service.state);
        let (stopping, stopped) = watch::channel(false);
        let periodic = tokio::spawn(background::run(Arc::clone(&service), stopped.clone()));
        let (refreshing, until) = (Arc::clone(&state), stopped.clone());
        let schedule = tokio::spawn(async move {
            let (directory, store) = (refreshing.directory.clone(), refreshing.store.clone());
            refreshing.schedule.run(directory, store, until).await;
        });
        let deliveries = Deliveries::start(&state.deliveries, &state.intake.subscriptions);
        let jobs = JobRunner::new(Arc::clone(&state.data));
        let jobs = tokio::spawn(jobs.run(stopped.clone()));
        let admin = tokio::spawn(serve_admin(
            self.admin,
            self.admin_address,
            Arc::clone(&state),
            self.public_address,
            ConnectionLimits {
                connections: self.connections.connections.min(ADMIN_CONNECTIONS),
                ..self.connections
            },
            stopped,
        ));

        let (phase, alive) = (self.drain.phase(), self.drain.alive().clone());
        let accepting = accept(
            self.public,
            self.connections,
            phase,
            alive,
            move |remote, local, place| connection_service(&service, remote, local, place),
        );
        let why_cut = AtomicBool::new(false);
        let ending = async {
            let stop = stop.await;
            why_cut.store(stop == Shutdown::Immediate, Ordering::Relaxed);
            let (linger, timeout) = match stop {
                Shutdown::Graceful => (self.drain_linger, self.drain_timeout),
                Shutdown::Immediate => (Duration::ZERO, self.drain_timeout.min(IMMEDIATE_TIMEOUT)),
            };
            tracing::info!("shutting down: finishing requests that were accepted");
            state.draining.store(true, Ordering::Relaxed);
            self.drain.linger(linger).await;
            let closing = self.drain.close(timeout);
            let (in_time, ()) = tokio::join!(closing, deliveries.stop(timeout));
            state.connections.accounts.settle(timeout).await;
            in_time
        };
        let ((), in_time) = tokio::join!(accepting, ending);
        if !in_time {
            tracing::warn!(
                "cancelled requests: {}",
                if why_cut.load(Ordering::Relaxed) {
                    CUT_IMMEDIATE
                } else {
                    CUT_GRACEFUL
                }
            );
        }
        stopping.send_replace(true);
        let tasks = [periodic, schedule, jobs, admin];
        let handles: Vec<AbortHandle> = tasks.iter().map(JoinHandle::abort_handle).collect();
        let leaving = async {
            for task in tasks {
                let _ = task.await;
            }
        };
        if tokio::time::timeout(BACKGROUND_TIMEOUT, leaving)
            .await
            .is_err()
        {
            // Steps of jobs are undone, and taken again at the next start.
            tracing::warn!("cancelled background work: the database or Wix does not answer");
            handles.iter().for_each(AbortHandle::abort);
        }
        let writing = async {
            activity.auth.activity.write().await;
            state.connections.usage.write().await;
        };
        if tokio::time::timeout(FINAL_WRITE_TIMEOUT, writing)
            .await
            .is_err()
        {
            tracing::warn!("failed to write the last counts: the database does not answer");
        }
        tracing::info!("stopped");
        drop(self.held);
        in_time
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartupError> {
    TcpListener::bind(address)
        .await
        .map_err(|cause| StartupError::Listen { address, cause })
}

/// The service of one connection, and its place in the count of open ones; and what heads are answered with that it
/// never sees.
fn connection_service(
    service: &Arc<Service>,
    remote: SocketAddr,
    local: SocketAddr,
    place: ConnectionPermit,
) -> (
    impl hyper::service::Service<
        http::Request<hyper::body::Incoming>,
        Response = http::Response<crate::response::ResponseBody>,
        Error = std::convert::Infallible,
        Future: Send,
    > + Send
    + use<>,
    Option<RefuseHead>,
) {
    let shared = &service.state.shared;
    let held = (place, Counted::new(Arc::clone(shared)));
    let peer = Arc::new(Peer::new(remote, local, &shared.trusted_proxies).holding(held));
    let refuse: RefuseHead = {
        let (state, peer) = (Arc::clone(&service.state), Arc::clone(&peer));
        Box::new(move |status, head| refuse_head(&state, &peer, status, head))
    };
    let service = Arc::clone(service);
    let service = service_fn(move |request| {
        service::answer(Arc::clone(&service), Arc::clone(&peer), request)
    });
    (service, Some(refuse))
}

struct Counted(Arc<SharedContext>);

impl Counted {
    fn new(shared: Arc<SharedContext>) -> Self {
        shared.metrics.open_connections.inc();
        Self(shared)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.metrics.open_connections.dec();
    }
}

async fn serve_admin(
    listener: TcpListener,
    address: SocketAddr,
    state: Arc<AppState>,
    public_address: SocketAddr,
    connections: ConnectionLimits,
    mut stopped: watch::Receiver<bool>,
) {
    let overview = admin::Overview {
        app_id: state.app_id.to_string(),
        backend: format!("http://{public_address}"),
        started_at: state.shared.clock.now(),
    };
    let router = admin::router(state, overview, admin::HostGuard::new(address));
    let shutdown = async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    serve_router(
        listener,
        router,
        connections,
        Duration::from_secs(1),
        shutdown,
    )
    .await;
}
