//! `backlot database copy`

use std::io::Write as _;

use backlot_store::portability::copy;

use super::arguments::{Database, DatabaseCopy};
use super::configured::Configured;
use super::progress::Progress;
use super::runtime;
use crate::config::database_at;
use crate::user_error::user_error;
use crate::wording::count;

pub(super) fn run(command: &Database) -> anyhow::Result<()> {
    let Database::Copy(arguments) = command;
    copy(arguments)
}

fn copy(arguments: &DatabaseCopy) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let target = database_at(&arguments.to).map_err(user_error)?;
    runtime()?.block_on(async {
        let from = configured.open_sealed().await?;
        let to = target.open().await?;
        if copy::is_unfinished(&to).await? {
            let _ = writeln!(
                std::io::stderr(),
                "note: an earlier copy into {target} was interrupted; starting over"
            );
        }
        if !copy::is_empty(&to).await? {
            return Err(user_error(format!(
                "{target} is not empty\n  hint: make a new database for the copy"
            )));
        }
        let mut progress = Progress::new("copying");
        copy::copy(&from, &to, &mut |copied| {
            progress.at(format_args!(
                "{}, {}",
                count(copied.instances, "instance", "instances"),
                count(copied.items, "item", "items")
            ));
        })
        .await?;
        let (old, new) = (copy::holdings(&from).await?, copy::holdings(&to).await?);
        progress.done("compared");
        let mut out = std::io::stdout();
        for (name, holdings) in [("from", old), ("to", new)] {
            writeln!(
                out,
                "{name}: {}, {}, {}, {}, checksum {}",
                count(holdings.instances, "instance", "instances"),
                count(holdings.all.collections, "collection", "collections"),
                count(holdings.all.items, "item", "items"),
                count(holdings.all.links, "link", "links"),
                holdings.all.checksum
            )?;
        }
        if old == new {
            return Ok(());
        }
        Err(user_error(
            "the two differ: something was written while the copy was made\n  hint: stop the \
             server, make the target empty again, and copy once more",
        ))
    })
}
