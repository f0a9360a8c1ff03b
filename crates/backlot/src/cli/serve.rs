//! `backlot serve`: production.

use std::io::Write as _;

use backlot_server::elevated::SigningKeyError;
use backlot_server::log::{self, Sink};
use serde_json::json;

use super::arguments::{Listen, Serve};
use super::signals::Signals;
use super::{environment, mistake, read_source, ready_file, runtime};
use crate::collections;
use crate::config::{Fallback, Mode, Source, resolve};
use crate::data_folder::DataFolder;
use crate::library::Builder;
use crate::secrets::give_secrets;

pub(super) fn run(program: Builder, arguments: &Serve) -> anyhow::Result<()> {
    ready_file::forget(arguments.listen.ready_file.as_deref())?;
    let mut source = read_source(arguments.place.config.as_deref())?;
    let data = DataFolder::new(arguments.place.data.as_deref());
    put_flags(&mut source, &arguments.listen);
    let fallback = Fallback::default();
    runtime()?.block_on(give_secrets(&mut source, data.path(), &environment))?;
    let resolved = resolve(&source, Mode::Serve, &fallback, data.path(), &environment)?;
    let sink = Sink::standard_error()?;
    log::install(&sink, resolved.log_format, resolved.log_level);
    for warning in &resolved.warnings {
        tracing::warn!("{warning}");
    }
    if resolved.settings.api.is_empty() && !program.has_mounts() {
        tracing::warn!("there is no [[api]] entry: pages can call nothing of yours");
    }
    let configuration = source.file().map(|file| file.display().to_string());
    let database = resolved.database.to_string();
    let outcome = runtime()?.block_on(async {
        let signals = Signals::install()?;
        let files = collections::read(&resolved.collections)?;
        let server = program.bind_resolved(resolved, files, &sink).await?;
        let backend = format!("http://{}", server.public_address());
        let admin = format!("http://{}", server.admin_address());
        if let Some(path) = &arguments.listen.ready_file {
            ready_file::write(path, &json!({ "backend": backend, "admin": admin }))?;
        }
        tracing::info!(backend, admin, configuration, database, "serving");
        anyhow::Ok(server.run(signals.stop()).await)
    });
    sink.flush();
    match outcome {
        Ok(true) => Ok(()),
        Ok(false) => {
            let _ = writeln!(
                std::io::stderr(),
                "requests were cut; see server.drain_timeout"
            );
            Ok(())
        }
        Err(error) => Err(addresses_are_the_persons(error)),
    }
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

/// An address that is taken, or another master key, is a mistake to mend, not a fault of the program.
pub(super) fn addresses_are_the_persons(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<backlot_server::StartError>() {
        Some(backlot_server::StartError::Listen { .. }) => mistake(format!(
            "{error}\n  hint: another program has this address; choose one with --listen, \
             --admin-listen, --simulator-listen or --app-listen (port 0 takes a free one)"
        )),
        Some(backlot_server::StartError::Keys(keys @ SigningKeyError::DoesNotOpen(_))) => {
            mistake(keys.to_string())
        }
        _ => error,
    }
}
