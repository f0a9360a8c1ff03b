//! `backlot migrate`: what a start of the server does to the database, and nothing else.

use std::io::Write as _;

use super::arguments::Migrate;
use super::configured::Configured;
use super::runtime;
use crate::collections::apply;
use crate::secrets::seal_signing_keys;

pub(super) fn run(arguments: &Migrate) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.place)?;
    let files = configured.collections()?;
    let plan = runtime()?.block_on(async {
        let store = configured.database.open().await?;
        let place = configured.master_key()?;
        let sealed = seal_signing_keys(&store, &place, configured.token_lifetime()?).await;
        if let Err(error) = sealed {
            writeln!(std::io::stderr(), "warning: {error}")?;
        }
        apply(&store, files).await
    })?;
    let mut out = std::io::stdout();
    write!(out, "{plan}")?;
    writeln!(out, "the database is up to date: {}", configured.database)?;
    Ok(())
}
