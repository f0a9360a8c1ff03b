//! `backlot backup` and `backlot restore`

use std::io::Write as _;

use backlot_store::StoreError;

use super::arguments::{Backup, Restore};
use super::configured::Configured;
use super::{mistake, runtime};
use crate::secrets;

pub(super) fn back_up(arguments: &Backup) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.place)?;
    runtime()?.block_on(async {
        let store = configured.open_sealed().await?;
        store
            .back_up(&arguments.file)
            .await
            .map_err(|error| match error {
                // A link in its place, say, or a folder that is not there.
                StoreError::Open { .. } => mistake(error.to_string()),
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
    runtime.block_on(configured.database.restore(&arguments.file))?;
    let mut talk = std::io::stderr();
    let _ = writeln!(talk, "restored {}", configured.database);
    // Better now than when a server starts.
    let place = configured.master_key()?;
    let opened = runtime.block_on(async {
        let store = configured.open().await?;
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
