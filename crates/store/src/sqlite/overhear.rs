//! Listening to the statements that a store runs, so that a test can look at the plan of each.

use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

/// Hears the text of each statement as it begins.
#[doc(hidden)]
pub type Ear = Arc<dyn Fn(&str) + Send + Sync>;

/// Lets an ear, if there is one, hear what this connection runs.
pub(super) fn overhear(connection: &mut Connection, ear: Option<&Ear>) -> rusqlite::Result<()> {
    let Some(ear) = ear.cloned() else {
        return Ok(());
    };
    let heard = move |event: TraceEvent<'_>| {
        if let TraceEvent::Stmt(statement, _) = event {
            ear(&statement.sql());
        }
    };
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(heard))
}
