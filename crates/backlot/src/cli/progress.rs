//! How far long work has come, on standard error: a line that is written over in a terminal, and a line
//! once in a while elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Tells of long work.
pub(super) struct Progress {
    what: &'static str,
    told: Option<Instant>,
    in_terminal: bool,
}

impl Progress {
    pub(super) fn new(what: &'static str) -> Self {
        Self {
            what,
            told: None,
            in_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Says how far it is, unless that was said a moment ago.
    pub(super) fn at(&mut self, text: impl std::fmt::Display) {
        let pause = if self.in_terminal {
            Duration::from_millis(200)
        } else {
            Duration::from_secs(5)
        };
        if self.told.is_some_and(|told| told.elapsed() < pause) {
            return;
        }
        self.told = Some(Instant::now());
        let end = if self.in_terminal { "\x1b[K\r" } else { "\n" };
        let _ = write!(std::io::stderr(), "{}: {text}{end}", self.what);
    }

    /// Says how it ended.
    pub(super) fn done(self, text: impl std::fmt::Display) {
        let clear = if self.in_terminal { "\x1b[K" } else { "" };
        let _ = writeln!(std::io::stderr(), "{}: {text}{clear}", self.what);
    }
}
