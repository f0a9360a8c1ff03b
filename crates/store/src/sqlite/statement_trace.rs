//! Observing the statements that a store runs, so that a test can look at the plan of each.

use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

/// Receives the text of each statement when it begins.
#[cfg_attr(
    not(feature = "test-util"),
    expect(unreachable_pub, reason = "tests of other crates observe statements")
)]
pub type StatementObserver = Arc<dyn Fn(&str) + Send + Sync>;

/// Calls an observer, if there is one, for what a connection runs.
pub(super) fn trace(
    connection: &mut Connection,
    observer: Option<&StatementObserver>,
) -> rusqlite::Result<()> {
    let Some(observer) = observer.cloned() else {
        return Ok(());
    };
    let observe = move |event: TraceEvent<'_>| {
        if let TraceEvent::Stmt(statement, _) = event {
            observer(&statement.sql());
        }
    };
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(observe))
}
