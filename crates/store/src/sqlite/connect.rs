//! Opening a connection, in the one way that all of them share.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

/// Opens the file, which must be there: one that was removed does not come back empty. A connection that finds it locked waits
/// for five seconds.
///
/// A plan is made from a statement's text alone. Otherwise SQLite looks at what is bound to `LIMIT`, and
/// parses and plans the statement again at each use.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "busy_timeout", 5000)?;
    Ok(connection)
}
