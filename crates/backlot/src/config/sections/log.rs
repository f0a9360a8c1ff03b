//! `[log]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is logged, and how. Logs go to standard error.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `json`, one object a line, or `text`, for people. Without it: `text` in `backlot dev`,
    /// `json` in `backlot serve`.
    pub format: Option<LogFormat>,
    /// The least level of what is logged besides the requests.
    pub level: LogLevel,
}

/// How lines look.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Words.
    Text,
}

/// Levels, from the gravest down.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Only what failed.
    Error,
    /// And what will.
    Warn,
    /// And what one likes to know.
    #[default]
    Info,
    /// And every connection that ended oddly.
    Debug,
}
