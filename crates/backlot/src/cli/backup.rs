//! `backlot backup` and `backlot restore`

use std::io::Write as _;

use backlot_store::secrets::{Secrets as _, WrappedKey};
use backlot_store::signing_keys::SigningKeys as _;
use backlot_store::backup::Origin;
use backlot_store::{Existing, Store, StoreError};

use super::arguments::{Backup, Restore};
use super::configured::Configured;
use super::{mistake, runtime};
use crate::secrets;

pub(super) fn back_up(arguments: &Backup) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.place)?;
    runtime()?.block_on(async {
        let store = configured.open_sealed().await?;
        store
            .back_up(&arguments.file, Existing::IsReplaced, &Origin::default())
            .await
            .map_err(|error| match error {
                // A link in its place, say, or a folder that is not there.
                StoreError::CannotWrite { .. } => mistake(error.to_string()),
                error => error.into(),
            })
    })?;
    let _ = writeln!(std::io::stderr(), "wrote {}", arguments.file.display());
    Ok(())
}

pub(super) fn restore(arguments: &Restore) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.place)?;
    if !arguments.file.exists() {
        let file = arguments.file.display();
        return Err(mistake(format!(
            "there is no backup: {file} does not exist"
        )));
    }
    let runtime = runtime()?;
    // What is there may be damaged, or its master key lost: that is what backups are for.
    let present = runtime.block_on(present_data_keys(&configured));
    let present = present.unwrap_or_default();
    runtime.block_on(configured.database.restore(&arguments.file))?;
    let mut talk = std::io::stderr();
    let _ = writeln!(talk, "restored {}", configured.database);
    // Better now than when a server starts.
    let place = configured.master_key()?;
    let opened = runtime.block_on(async {
        let store = configured.open().await?;
        if store.wrapped_keys().await?.is_empty() {
            for key in present {
                store.keep_wrapped_key(key).await?;
            }
        }
        if !place.is_present() && forget_lost_keys(&store).await? {
            let note = "note: the master key of the backup is not here, and only the signing key was sealed with it; \
                        the next start makes new ones";
            let _ = writeln!(std::io::stderr(), "{note}");
            return Ok(());
        }
        secrets::unlock(&store, &place, false).await?;
        let lifetime = configured.token_lifetime()?;
        secrets::seal_signing_keys(&store, &place, lifetime).await
    });
    if let Err(error) = opened {
        let _ = writeln!(
            talk,
            "warning: no server starts with this database as things are: {error}"
        );
    }
    Ok(())
}

/// Deletes signing keys that nobody here can open, with what they are sealed with, if nothing else is sealed with
/// it. Tokens last for minutes, so nothing is lost that lasts.
async fn forget_lost_keys(store: &Store) -> anyhow::Result<bool> {
    let (data_keys, signing_keys) = (store.wrapped_keys().await?, store.signing_keys().await?);
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
        Some(_) => store.wrapped_keys().await?,
        None => Vec::new(),
    })
}
