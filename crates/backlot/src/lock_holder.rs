//! The process that holds the lock of a server, as its lock file says.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::Read as _;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The process that holds a lock.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Holder {
    process_id: u32,
    started_at: Timestamp,
    command: String,
}

impl Holder {
    /// This program.
    pub(crate) fn this(now: Timestamp) -> Self {
        let words = std::env::args_os();
        let words: Vec<String> = words.map(|it| it.to_string_lossy().into_owned()).collect();
        Self {
            process_id: std::process::id(),
            started_at: now,
            command: words.join(" "),
        }
    }

    /// The holder of this file's lock.
    pub(crate) fn find(path: &Path) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(Self::read(&mut file)),
            _ => None,
        }
    }

    /// Whether its command is `backlot dev`.
    pub(crate) fn is_dev(&self) -> bool {
        let mut words = self.command.split_whitespace();
        words.find(|word| ["dev", "serve"].contains(word)) == Some("dev")
    }

    /// What a lock says; one that was taken a moment ago says nothing yet.
    pub(crate) fn read(file: &mut File) -> Self {
        let mut text = String::new();
        let read = file.take(64 * 1024).read_to_string(&mut text);
        let said = read.ok().and_then(|_| serde_json::from_str(&text).ok());
        said.unwrap_or(Self {
            process_id: 0,
            started_at: Timestamp::UNIX_EPOCH,
            command: String::new(),
        })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.process_id == 0 {
            return formatter.write_str("a server that has just begun");
        }
        let replace = |it: char| if it.is_control() { '\u{fffd}' } else { it };
        let command: String = self.command.chars().map(replace).collect();
        write!(
            formatter,
            "the process {} (`{command}`, since {:.0})",
            self.process_id, self.started_at
        )
    }
}
