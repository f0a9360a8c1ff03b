//! How many files and connections the system lets this program have open.
//!
//! Systems start programs with a low limit that each may raise by itself. At the limit nothing works any more that needs a
//! connection or a file: calls to an upstream, the database, even `/healthz`. So client connections are accepted only as
//! far as there is room for all that they need.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files beside those of clients: the database's, the listeners, the log, connections to Wix.
const OWN_FILES: u64 = 256;
/// A client's connection, and one to an upstream or a third party.
const FILES_PER_CONNECTION: u64 = 2;

/// Raises the limit as far as allowed, and returns it. `None` means that there is no limit.
pub(crate) fn raise_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        // Where the system has a lower one besides, what holds stays.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    getrlimit(Resource::Nofile).current
}

/// The most connections of clients that there is room for under such a limit.
pub(crate) fn most_connections(limit: u64) -> usize {
    let left = limit.saturating_sub(OWN_FILES.min(limit / 4));
    usize::try_from(left / FILES_PER_CONNECTION)
        .unwrap_or(usize::MAX)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room() {
        for (limit, most) in [
            (1_048_576, 524_160),
            (20_256, 10_000),
            (1024, 384),
            (256, 96),
            (4, 1),
            (0, 1),
        ] {
            assert_eq!(most_connections(limit), most, "{limit}");
        }
    }
}
