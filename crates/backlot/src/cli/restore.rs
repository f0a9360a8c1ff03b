//! `backlot restore`: proves a backup, asks, and puts it in the place of the database.

use std::io::Write as _;

use backlot_server::Clock;
use backlot_store::secrets::WrappedKey;
use backlot_store::{Store, StoreError};

use super::arguments::Restore;
use super::backup::{described, proven};
use super::configured::Configured;
use super::confirm::confirm;
use super::runtime;
use crate::collections::{self, Losses};
use crate::folder_lock::ServerLock;
use crate::secrets;
use crate::user_error::user_error;
use crate::wording::count;

pub(super) fn run(arguments: &Restore) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let file = arguments.file.display();
    let verified = proven(&arguments.file)?;
    if !verified.has_checksum() && !arguments.without_checksum {
        return Err(user_error(format!(
            "{file} cannot be restored: it has no checksum, so it cannot be verified\n  \
             hint: an earlier version wrote it; --without-checksum takes it all the same"
        )));
    }
    let own = configured.app_id()?;
    if let (Some(app), Some(own)) = (&verified.about.app, &own)
        && app != own
        && !arguments.other_app
    {
        return Err(user_error(format!(
            "{file} cannot be restored: it is of the app {app}, and this is the app {own}\n  hint: --other-app takes it \
             all the same"
        )));
    }
    let runtime = runtime()?;
    // What is there may be damaged, or its master key lost: that is what backups are for.
    let totals = runtime.block_on(async {
        configured
            .open()
            .await?
            .totals()
            .await
            .map_err(anyhow::Error::from)
    });
    let present = match (configured.database.exists(), totals) {
        (false, _) => "which does not exist yet".to_owned(),
        (true, Ok(totals)) => format!(
            "with {} of {}",
            count(totals.items, "item", "items"),
            count(totals.instances, "instance", "instances")
        ),
        (true, Err(_)) => "which cannot be read".to_owned(),
    };
    let loss = [
        format!("replaces {}, {present}", configured.database),
        format!("with {file}: {}", described(&verified)),
    ];
    confirm(arguments.yes, &loss, "yes")?;
    // What is unpacked of it lies beside the file for a moment.
    let _note = configured.begin_file(&arguments.file)?;
    let runs = configured.has_server();
    let keys = runtime.block_on(present_data_keys(&configured));
    let keys = keys.unwrap_or_default();
    // A database that cannot be read is put aside; no server may begin meanwhile.
    let lock = (!runs)
        .then(|| ServerLock::take(None, &configured.database, Clock::System.now()))
        .transpose()?;
    let restored = runtime.block_on(configured.database.restore(&arguments.file));
    drop(lock);
    restored.map_err(|error| match error {
        StoreError::NoBackup { .. } | StoreError::TooNew { .. } => user_error(error.to_string()),
        error => error.into(),
    })?;
    let mut talk = std::io::stderr();
    let _ = writeln!(talk, "restored {}", configured.database);
    // Better now than when a server starts.
    if let Err(error) = runtime.block_on(make_ready(&configured, keys)) {
        let _ = writeln!(
            talk,
            "warning: no server starts with this database as things are: {error}"
        );
        return Ok(());
    }
    configured.tell_server("it takes over the restored database within a second, keys and all");
    Ok(())
}

/// What a start of the server needs.
async fn make_ready(configured: &Configured, present: Vec<WrappedKey>) -> anyhow::Result<()> {
    let place = configured.master_key()?;
    let store = configured.database.open().await?;
    if store.list_wrapped_keys().await?.is_empty() {
        for key in present {
            store.insert_wrapped_key(key).await?;
        }
    }
    if !place.is_present() && forget_lost_keys(&store).await? {
        let note = "note: the master key of the backup is not here, and only the signing key was sealed with it; \
                    the next start makes new ones";
        let _ = writeln!(std::io::stderr(), "{note}");
    } else {
        secrets::unlock(&store, &place, false).await?;
        let lifetime = configured.token_lifetime()?;
        secrets::seal_signing_keys(&store, &place, lifetime).await?;
    }
    if configured.has_server() {
        // It applied the files at its start, to the database of before.
        let losses = if configured.is_dev()? {
            Losses::OfTheDemo
        } else {
            Losses::Refused
        };
        let files = configured.collections()?;
        collections::apply(&store, files, losses, configured.flags()).await?;
    }
    Ok(())
}

/// Deletes signing keys that the master key does not decrypt, with what they are sealed with, if nothing else is sealed with
/// it. Tokens last for minutes, so nothing is lost that lasts.
async fn forget_lost_keys(store: &Store) -> anyhow::Result<bool> {
    let (data_keys, signing_keys) = (
        store.list_wrapped_keys().await?,
        store.list_signing_keys().await?,
    );
    if data_keys.is_empty() {
        return Ok(false);
    }
    let deleted = store.replace_signing_keys(signing_keys.clone(), Vec::new());
    if !deleted.await? {
        return Ok(false);
    }
    for key in data_keys {
        if !store.delete_unused_wrapped_key(&key.key_id).await? {
            // Secrets are sealed with it: the master key has to be found.
            store.replace_signing_keys(Vec::new(), signing_keys).await?;
            return Ok(false);
        }
    }
    Ok(true)
}

/// The data keys that are there, if the master key opens them. Servers that run have them open, and go on with them
/// where the backup is of a time without any.
async fn present_data_keys(configured: &Configured) -> anyhow::Result<Vec<WrappedKey>> {
    let store = configured.open().await?;
    let place = configured.master_key()?;
    Ok(match secrets::unlock(&store, &place, false).await? {
        Some(_) => store.list_wrapped_keys().await?,
        None => Vec::new(),
    })
}
