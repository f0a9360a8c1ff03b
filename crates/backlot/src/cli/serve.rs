//! `backlot serve`: production.

use std::io::{ErrorKind, Write as _};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backlot_server::Shutdown;
use backlot_server::auth::elevated_token::SigningKeyError;
use backlot_server::telemetry::log::{self, Sink};
use serde_json::json;

use super::arguments::{Listen, Serve};
use super::signals::Signals;
use super::{environment, misspelt_variables, read_source, ready_file, runtime};
use crate::collections;
use crate::config::{Fallback, Mode, Source, resolve};
use crate::data_folder::DataFolder;
use crate::library::Builder;
use crate::secrets::{give_secrets, missing_secrets};
use crate::server_lock::lock;
use crate::user_error::user_error;

/// How long threads may take to end. Only reads, and waits for a client, are still in progress.
pub(super) const THREADS_TIMEOUT: Duration = Duration::from_secs(1);

pub(super) fn run(program: Builder, arguments: &Serve) -> anyhow::Result<()> {
    ready_file::forget(arguments.listen.ready_file.as_deref())?;
    let mut source = read_source(arguments.config.config.as_deref())?;
    let data = DataFolder::of_serve(arguments.config.data.as_deref());
    source.set_data_folder(&data);
    put_flags(&mut source, &arguments.listen);
    let _lock = lock(&data, &source)?;
    let fallback = Fallback::default();
    runtime()?.block_on(give_secrets(&mut source, data.path(), &environment))?;
    let resolved = resolve(&source, Mode::Serve, &fallback, data.path(), &environment)?;
    let sink = Sink::standard_error()?;
    log::install(&sink, resolved.log_format, resolved.log_level);
    for warning in &resolved.warnings {
        tracing::warn!("{warning}");
    }
    tell_findings(&source, &data)?;
    if resolved.settings.api.is_empty() && !program.has_mounts() {
        tracing::warn!("there is no [[api]] entry: pages can call nothing of yours");
    }
    let configuration = source.file().map(|file| file.display().to_string());
    let database = resolved.database.to_string();
    let soon = AtomicBool::new(false);
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        let signals = Signals::install()?;
        let mut stop = Box::pin(async {
            let stop = signals.stop().await;
            soon.store(stop == Shutdown::Immediate, Ordering::Relaxed);
            stop
        });
        let files = collections::read(&resolved.collections)?;
        // A database that does not answer must not keep the program from ending.
        let server = tokio::select! {
            bound = program.bind_resolved(resolved, files, &sink) => bound?,
            _ = &mut stop => {
                tracing::info!("stopped before it had begun");
                return Ok(true);
            }
        };
        let backend = format!("http://{}", server.public_address());
        let admin = format!("http://{}", server.admin_address());
        if let Some(path) = &arguments.listen.ready_file {
            ready_file::write(path, &json!({ "backend": backend, "admin": admin }))?;
        }
        tracing::info!(backend, admin, configuration, database, "serving");
        anyhow::Ok(server.run(stop).await)
    });
    runtime.shutdown_timeout(THREADS_TIMEOUT);
    sink.flush();
    match outcome {
        Ok(true) => Ok(()),
        Ok(false) => {
            let why = if soon.load(Ordering::Relaxed) {
                "requests were cut, since Ctrl-C waits for them for a second at most; SIGTERM waits for \
                 server.drain_timeout"
            } else {
                "requests were cut: they took longer than server.drain_timeout"
            };
            let _ = writeln!(std::io::stderr(), "{why}");
            Ok(())
        }
        Err(error) => Err(addresses_are_the_persons(error)),
    }
}

/// Says at the start what would be found at the first call, or never.
pub(super) fn tell_findings(source: &Source, data: &DataFolder) -> anyhow::Result<()> {
    let mut findings = misspelt_variables();
    findings.extend(runtime()?.block_on(missing_secrets(source, data.path()))?);
    for finding in findings {
        tracing::warn!("{finding}");
    }
    Ok(())
}

/// Flags beat the environment and the file.
pub(super) fn put_flags(source: &mut Source, listen: &Listen) {
    if let Some(address) = listen.listen {
        source.flag("server", "listen", "--listen", address.to_string());
    }
    if let Some(address) = listen.admin_listen {
        source.flag("admin", "listen", "--admin-listen", address.to_string());
    }
}

/// What to do about an address that cannot be listened on.
fn listen_remedy(address: SocketAddr, cause: &std::io::Error) -> String {
    const CHOOSE: &str =
        "--listen, --admin-listen, --simulator-listen or --app-listen (port 0 takes a free one)";
    match cause.kind() {
        ErrorKind::AddrInUse => {
            format!("another program has this address; choose one with {CHOOSE}")
        }
        ErrorKind::PermissionDenied => format!(
            "this user may not listen on port {}; take one above 1023 with {CHOOSE}, put a proxy in front, or allow it \
             (on Linux: setcap cap_net_bind_service=+ep PROGRAM)",
            address.port()
        ),
        ErrorKind::AddrNotAvailable => format!(
            "this machine has no address {}: 0.0.0.0 means all that it has, 127.0.0.1 itself alone; choose one with {CHOOSE}",
            address.ip()
        ),
        _ => format!("choose another address with {CHOOSE}"),
    }
}

/// An address that is taken, or another master key, is a mistake to mend, not a fault of the program.
pub(super) fn addresses_are_the_persons(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<backlot_server::StartupError>() {
        Some(backlot_server::StartupError::Listen { address, cause }) => user_error(format!(
            "{error}\n  hint: {}",
            listen_remedy(*address, cause)
        )),
        Some(backlot_server::StartupError::Keys(keys @ SigningKeyError::DoesNotOpen(_))) => {
            user_error(keys.to_string())
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_not_to_listen_has_its_own_remedy() {
        let address = SocketAddr::from(([127, 0, 0, 1], 80));
        for (kind, words) in [
            (
                ErrorKind::PermissionDenied,
                "this user may not listen on port 80",
            ),
            (ErrorKind::AddrInUse, "another program has this address"),
            (
                ErrorKind::AddrNotAvailable,
                "this machine has no address 127.0.0.1",
            ),
            (ErrorKind::Other, "choose another address"),
        ] {
            let remedy = listen_remedy(address, &std::io::Error::from(kind));
            assert!(remedy.starts_with(words), "{remedy}");
        }
    }
}
