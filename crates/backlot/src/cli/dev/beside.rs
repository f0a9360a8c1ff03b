//! What runs beside the backend until that has stopped: the simulator, the app's page, the demo upstream.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use backlot_outbound::body::PaceLimits;
use backlot_server::DataService;
use backlot_server::handlers::admin::{HostGuard, guarded};
use backlot_server::transport::{ConnectionLimits, serve_router};
use backlot_simulator::{Stage, demo_app, demo_upstream};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::listeners::Listeners;

const LIMITS: ConnectionLimits = ConnectionLimits {
    head_timeout: Duration::from_secs(30),
    write: PaceLimits {
        timeout: Duration::from_secs(30),
        bytes_per_second: NonZeroU32::MIN.saturating_add(4095),
    },
    head_bytes: 64 * 1024,
    connections: 1024,
};

pub(super) struct Beside {
    pub(super) listeners: Listeners,
    pub(super) stage: Stage,
    pub(super) site_data: DataService,
    /// The script of Wix's own client for the app's page, where there is one.
    pub(super) wix_client: Option<Vec<u8>>,
}

impl Beside {
    pub(super) async fn run(self, stopped: watch::Receiver<bool>) {
        let Self {
            listeners,
            stage,
            site_data,
            wix_client,
        } = self;
        let now = Arc::clone(&stage.now);
        let simulator = backlot_simulator::router(stage.clone());
        tokio::join!(
            serve(Some(listeners.simulator), simulator, stopped.clone()),
            serve(
                listeners.app_page,
                demo_app::router(stage, wix_client),
                stopped.clone()
            ),
            serve(listeners.demo, demo_upstream::router(now), stopped.clone()),
            site_data.run_jobs(stopped),
        );
    }
}

async fn serve(listener: Option<TcpListener>, router: Router, mut stopped: watch::Receiver<bool>) {
    let Some(listener) = listener else { return };
    let Ok(address) = listener.local_addr() else {
        return;
    };
    let router = guarded(router, HostGuard::new(address));
    let stop = async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    serve_router(listener, router, LIMITS, Duration::from_millis(200), stop).await;
}
