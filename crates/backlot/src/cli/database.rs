//! `backlot database copy`

use std::io::Write as _;

use backlot_store::transfer::copy;

use super::arguments::{Database, DatabaseCopy};
use super::configured::Configured;
use super::progress::Progress;
use super::{mistake, runtime};
use crate::config::database_at;

pub(super) fn run(command: &Database) -> anyhow::Result<()> {
    let Database::Copy(arguments) = command;
    copy(arguments)
}

fn copy(arguments: &DatabaseCopy) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.place)?;
    let target = database_at(&arguments.to).map_err(mistake)?;
    runtime()?.block_on(async {
        let from = configured.open_sealed().await?;
        let to = target.open().await?;
        if !copy::is_empty(&to).await? {
            return Err(mistake(format!(
                "{target} is not empty\n  hint: make a new database for the copy"
            )));
        }
        let mut progress = Progress::new("copying");
        copy::copy(&from, &to, &mut |copied| {
            progress.at(format_args!(
                "{} instances, {} items",
                copied.instances, copied.items
            ));
        })
        .await?;
        let (old, new) = (copy::holdings(&from).await?, copy::holdings(&to).await?);
        progress.done("compared");
        let mut out = std::io::stdout();
        for (name, holdings) in [("from", old), ("to", new)] {
            writeln!(
                out,
                "{name}: {} instances, {} collections, {} items, checksum {}",
                holdings.instances,
                holdings.all.collections,
                holdings.all.items,
                holdings.all.checksum
            )?;
        }
        if old == new {
            return Ok(());
        }
        Err(mistake(
            "the two differ: something was written while the copy was made\n  hint: stop the \
             server, make the target empty again, and copy once more",
        ))
    })
}
