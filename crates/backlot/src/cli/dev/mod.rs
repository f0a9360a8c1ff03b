//! `backlot dev`: everything on this machine, with nothing to set up.

mod banner;
mod beside;
mod listeners;
mod site_data;
mod stage;
mod webhooks;

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use backlot_server::telemetry::log::{self, Sink};
use backlot_simulator::Stage;
use backlot_simulator::world::{self, World};
use tokio::sync::watch;

use super::arguments::Dev;
use super::signals::Signals;
use super::{environment, read_source, ready_file, runtime, serve};
use crate::collections;
use crate::config::{Fallback, Mode, Resolved, database_of, resolve};
use crate::data_folder::DataFolder;
use crate::folder_lock::ServerLock;
use crate::library::Builder;
use crate::secrets::give_secrets;
use crate::server_lock;
use crate::user_error::user_error;
use banner::Kept;
use beside::Beside;
use listeners::Listeners;
pub(in crate::cli) use stage::guid;

pub(super) fn run(program: Builder, arguments: &Dev) -> anyhow::Result<()> {
    stay_on_this_machine(arguments)?;
    ready_file::forget(arguments.listen.ready_file.as_deref())?;
    let mut source = read_source(arguments.config.config.as_deref())?;
    let data = DataFolder::of_dev(arguments.config.data.as_deref());
    source.set_data_folder(&data);
    serve::put_flags(&mut source, &arguments.listen);
    data.make().map_err(|error| {
        let folder = data.path().display();
        user_error(format!("cannot make the data folder {folder}: {error}"))
    })?;
    if let Some(earlier) = data.earlier_dev() {
        let _ = writeln!(
            std::io::stderr(),
            "note: {} holds the app of an earlier `backlot dev`; --data {} goes on with it",
            earlier.display(),
            earlier.display()
        );
    }
    let lock = ServerLock::take(
        Some(&data),
        &database_of(&source, data.path())?.0,
        stage::now(),
    )?;
    // The last start may have ended without removing it.
    let _ = std::fs::remove_file(data.simulator_url());
    server_lock::tidy(&data, &database_of(&source, data.path())?.0);
    let world = world::load_or_make(&data.world(), &mut stage::guid)?;
    let app = &world.app;
    let fallback = Fallback {
        app: Some((app.id.to_string(), app.secret.clone())),
        public_key: Some(app.public_key.clone()),
    };
    runtime()?.block_on(give_secrets(&mut source, data.path(), &environment))?;
    let resolved = resolve(&source, Mode::Dev, &fallback, data.path(), &environment)?;
    let sink = Sink::standard_error()?;
    log::install(&sink, resolved.log_format, resolved.log_level);
    for warning in &resolved.warnings {
        tracing::warn!("{warning}");
    }
    serve::tell_findings(&source, &data)?;
    let configuration = source.file();
    let work = everything(
        program,
        arguments,
        &data,
        configuration,
        resolved,
        world,
        &sink,
    );
    let runtime = runtime()?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_timeout(serve::THREADS_TIMEOUT);
    drop(lock);
    sink.flush();
    outcome.map_err(serve::addresses_are_the_persons)
}

/// The simulator signs instances for every client, with the real app's secret where one is
/// configured; the admin pages have no login.
fn stay_on_this_machine(arguments: &Dev) -> anyhow::Result<()> {
    for (flag, address) in [
        ("--simulator-listen", arguments.simulator_listen),
        ("--app-listen", arguments.app_listen),
        ("--admin-listen", arguments.listen.admin_listen),
    ] {
        if address.is_some_and(|address| !address.ip().is_loopback()) {
            return Err(user_error(format!(
                "{flag}: `backlot dev` signs instances for every client that reaches it, so it stays on this \
                 machine\n  hint: choose a loopback address such as 127.0.0.1:0"
            )));
        }
    }
    Ok(())
}

async fn everything(
    program: Builder,
    arguments: &Dev,
    data: &DataFolder,
    configuration: Option<&Path>,
    mut resolved: Resolved,
    world: World,
    sink: &Arc<Sink>,
) -> anyhow::Result<()> {
    let signals = Signals::install()?;
    let wants_demo = resolved.settings.api.is_empty() && !program.has_mounts();
    let listeners = Listeners::bind(arguments, resolved.app_page.take(), wants_demo).await?;
    resolved.settings.api.extend(listeners.demo_entry()?);
    let subscriptions = &mut resolved.settings.events.subscriptions;
    if subscriptions.is_empty() {
        subscriptions.extend(listeners.demo_subscription()?);
    }
    if resolved.settings.wix_calls.calls.is_empty() {
        let calls = &mut resolved.settings.wix_calls.calls;
        calls.extend(listeners.demo_call()?);
    }
    if resolved.wix_is_the_simulator {
        resolved.settings.wix.base = listeners.simulated_wix()?;
    }
    resolved.settings.simulator = Some(listeners.simulator_url()?);
    let secret = resolved.settings.secrets.newest().clone();
    let world = stage::with_configured_app(world, &resolved);
    let demo_is_shown = listeners.app_page.is_some();
    let files = collections::read_or_demo(&resolved.collections, demo_is_shown)?;
    let app_name = resolved.app_name.take();
    let database = resolved.database.to_string();
    let server = program.bind_resolved(resolved, files, sink).await?;
    let addresses = listeners.addresses(&server)?;
    let stage = Stage::new(
        world,
        secret,
        addresses,
        Arc::new(stage::now),
        Arc::new(stage::guid),
    );
    let site_data = site_data::open(data.site_data(), &stage.world.app).await?;
    let stage = stage
        .with_site_data(site_data::mounted(&site_data))
        .with_post_webhook(webhooks::client()?);
    let stage = match app_name.as_deref() {
        None if demo_is_shown => stage,
        name => stage.with_app_name(name.unwrap_or("Your app")),
    };

    let (stopping, stopped) = watch::channel(false);
    let beside = Beside {
        listeners,
        stage: stage.clone(),
        site_data,
        wix_client: std::fs::read(data.demo_client()).ok(),
    };
    let beside = tokio::spawn(beside.run(stopped));
    let kept = Kept {
        configuration,
        database: &database,
        data: data.path(),
    };
    stage::note_simulator(data, &stage)?;
    banner::print(&stage, &kept);
    if let Some(path) = &arguments.listen.ready_file {
        ready_file::write(path, &stage::ready(&stage))?;
    }
    server.run(signals.stop()).await;
    stopping.send_replace(true);
    let _ = beside.await;
    let _ = std::fs::remove_file(data.simulator_url());
    Ok(())
}
