//! `backlot dev`: everything on this machine, with nothing to set up.

mod banner;
mod listeners;
mod stage;

use std::sync::Arc;
use std::time::Duration;

use backlot_server::admin::{HostGuard, guarded};
use backlot_server::listener::{ConnectionLimits, serve_router};
use backlot_server::log::{self, Sink};
use backlot_simulator::world::{self, World};
use backlot_simulator::{Stage, demo_app, demo_upstream};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::arguments::Dev;
use super::signals::Signals;
use super::{environment, mistake, read_source, ready_file, runtime, serve};
use crate::config::{Fallback, Mode, Resolved, resolve};
use crate::data_folder::DataFolder;
use crate::library::Builder;
use listeners::Listeners;

pub(super) fn run(program: Builder, arguments: &Dev) -> anyhow::Result<()> {
    stay_on_this_machine(arguments)?;
    ready_file::forget(arguments.listen.ready_file.as_deref())?;
    let mut source = read_source(arguments.place.config.as_deref())?;
    let data = DataFolder::new(arguments.place.data.as_deref());
    serve::put_flags(&mut source, &arguments.listen);
    data.make().map_err(|error| {
        let folder = data.path().display();
        mistake(format!("cannot make the data folder {folder}: {error}"))
    })?;
    let world = world::load_or_make(&data.world(), &mut stage::guid)?;
    let app = &world.app;
    let fallback = Fallback {
        app: Some((
            app.id.to_string(),
            app.secret.clone(),
            app.public_key.clone(),
        )),
    };
    let resolved = resolve(&source, Mode::Dev, &fallback, data.path(), &environment)?;
    let sink = Sink::standard_error()?;
    log::install(&sink, resolved.log_format, resolved.log_level);
    for warning in &resolved.warnings {
        tracing::warn!("{warning}");
    }
    let outcome = runtime()?.block_on(everything(program, arguments, resolved, world, &sink));
    sink.flush();
    outcome.map_err(serve::addresses_are_the_persons)
}

/// The simulator signs instances for whoever asks, with the real app's secret where one is
/// configured; the admin pages have no login.
fn stay_on_this_machine(arguments: &Dev) -> anyhow::Result<()> {
    for (flag, address) in [
        ("--simulator-listen", arguments.simulator_listen),
        ("--app-listen", arguments.app_listen),
        ("--admin-listen", arguments.listen.admin_listen),
    ] {
        if address.is_some_and(|address| !address.ip().is_loopback()) {
            return Err(mistake(format!(
                "{flag}: `backlot dev` signs instances for whoever reaches it, so it stays on this \
                 machine\n  hint: choose a loopback address such as 127.0.0.1:0"
            )));
        }
    }
    Ok(())
}

async fn everything(
    program: Builder,
    arguments: &Dev,
    mut resolved: Resolved,
    world: World,
    sink: &Arc<Sink>,
) -> anyhow::Result<()> {
    let signals = Signals::install()?;
    let wants_demo = resolved.settings.api.is_empty() && !program.has_mounts();
    let listeners = Listeners::bind(arguments, resolved.app_page.take(), wants_demo).await?;
    resolved.settings.api.extend(listeners.demo_entry()?);
    if resolved.settings.wix_room.calls.is_empty() {
        let calls = &mut resolved.settings.wix_room.calls;
        calls.extend(listeners.demo_call()?);
    }
    if resolved.wix_is_the_simulator {
        resolved.settings.wix.base = listeners.simulated_wix()?;
    }
    let secret = resolved.settings.secrets.newest().clone();
    let world = stage::with_configured_app(world, &resolved);
    let server = program.bind_resolved(resolved, sink).await?;
    let addresses = listeners.addresses(&server)?;
    let stage = Stage::new(
        world,
        secret,
        addresses,
        Arc::new(stage::now),
        Arc::new(stage::guid),
    );

    let (stopping, stopped) = watch::channel(false);
    let beside = tokio::spawn(serve_beside(listeners, stage.clone(), stopped));
    banner::print(&stage, arguments.place.data.as_deref());
    if let Some(path) = &arguments.listen.ready_file {
        ready_file::write(path, &stage::ready(&stage))?;
    }
    server.run(signals.stop()).await;
    stopping.send_replace(true);
    let _ = beside.await;
    Ok(())
}

/// The simulator, the app's page and the demo upstream, until the backend has stopped.
async fn serve_beside(listeners: Listeners, stage: Stage, stopped: watch::Receiver<bool>) {
    let serve = |listener: Option<TcpListener>, router: axum::Router| {
        let mut stopped = stopped.clone();
        async move {
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
    };
    let now = Arc::clone(&stage.now);
    tokio::join!(
        serve(
            Some(listeners.simulator),
            backlot_simulator::router(stage.clone())
        ),
        serve(listeners.app_page, demo_app::router(stage)),
        serve(listeners.demo, demo_upstream::router(now)),
    );
}

const LIMITS: ConnectionLimits = ConnectionLimits {
    head_timeout: Duration::from_secs(30),
    head_bytes: 64 * 1024,
    connections: 1024,
};
