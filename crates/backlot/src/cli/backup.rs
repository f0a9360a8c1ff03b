//! `backlot backup` and `backlot restore`

use std::io::Write as _;

use backlot_store::{Address, Store};

use super::arguments::{Backup, Restore};
use super::configured::Configured;
use super::{mistake, runtime};

pub(super) fn back_up(arguments: &Backup) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.place)?;
    runtime()?.block_on(async {
        match configured.open().await? {
            Store::Sqlite(store) => anyhow::Ok(store.back_up(&arguments.file).await?),
            _ => Err(no_sqlite("pg_dump")),
        }
    })?;
    let _ = writeln!(std::io::stderr(), "wrote {}", arguments.file.display());
    Ok(())
}

pub(super) fn restore(arguments: &Restore) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.place)?;
    let Address::Sqlite { path, .. } = &configured.database else {
        return Err(no_sqlite("pg_restore"));
    };
    if !arguments.file.exists() {
        let file = arguments.file.display();
        return Err(mistake(format!(
            "there is no backup: {file} does not exist"
        )));
    }
    backlot_store::sqlite::restore(path, &arguments.file)?;
    let _ = writeln!(std::io::stderr(), "restored {}", configured.database);
    Ok(())
}

fn no_sqlite(tool: &str) -> anyhow::Error {
    mistake(format!(
        "the database is on a PostgreSQL server, which has its own tools for this\n  hint: use {tool}"
    ))
}
