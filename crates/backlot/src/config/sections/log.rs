//! `[log]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is logged, and how. Logs go to standard error.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The format of the log: `json`, one object a line, or `text` for people. Defaults to `text` in `backlot dev`, and
    /// to `json` in `backlot serve`.
    pub format: Option<LogFormat>,
    /// The minimum level of messages other than requests, which are always logged.
    pub level: LogLevel,
}

/// The format of the log.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Text for people.
    Text,
}

/// The minimum level of messages.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Failures.
    Error,
    /// Also problems that an operator should know about.
    Warn,
    /// Also starts, stops and changes.
    #[default]
    Info,
    /// Also every connection that ended abnormally.
    Debug,
}
