//! Acquires the locks of a server, and removes the unfinished files of an earlier one, before anything is opened.

use std::io::Write as _;

use backlot_server::Clock;
use backlot_store::{Address, remove_unfinished};

use crate::config::{Source, database_of};
use crate::data_folder::{DataFolder, with_end};
use crate::folder_lock::ServerLock;
use crate::unfinished_note::remove_noted;

/// Locks the database, and the folder if it is used. This happens before anything is opened, because another server may be
/// of an earlier version.
pub(crate) fn lock(data: &DataFolder, source: &Source) -> anyhow::Result<ServerLock> {
    let (database, _) = database_of(source, data.path())?;
    let keeps_key = source.parse()?.secrets.master_key.is_none();
    let is_file = matches!(database, Address::Sqlite { .. });
    let folder = (keeps_key || is_file).then_some(data);
    let lock = ServerLock::take(folder, &database, Clock::System.now())?;
    tidy(data, &database);
    Ok(lock)
}

/// Removes the unfinished files of a killed program, and notes what an interrupted restore has left.
pub(crate) fn tidy(data: &DataFolder, database: &Address) {
    let mut folders = vec![data.path()];
    if let Address::Sqlite { path, .. } = database {
        folders.extend(path.parent());
        let kept = with_end(path, ".before-restore");
        if kept.exists() {
            let _ = writeln!(
                std::io::stderr(),
                "note: {} is the database as it was before a restore that was broken off; remove it when all is well",
                kept.display()
            );
        }
    }
    let here = folders.into_iter().flat_map(remove_unfinished);
    for path in here.chain(remove_noted(data)) {
        let _ = writeln!(
            std::io::stderr(),
            "note: removed an unfinished file: {}",
            path.display()
        );
    }
}
