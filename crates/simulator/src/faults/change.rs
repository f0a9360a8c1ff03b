//! Changes of faults: any subset of the keys, all or nothing.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::value::{choice, flag, instances, paths, whole};
use super::{DeadTokens, Faults, TokenInfoBody};

/// The error for a change that was not made. It names the key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadChange {
    #[error("There is no fault `{0}`. There are: {all}.", all = KEYS.join(", "))]
    UnknownKey(String),
    /// The value is not valid.
    #[error("`{key}` must be {wanted}.")]
    BadValue {
        /// Which.
        key: String,
        /// What it can be set to.
        wanted: String,
    },
}

const KEYS: [&str; 13] = [
    "slowMs",
    "failNext",
    "failStatus",
    "resetNext",
    "paths",
    "deadTokens",
    "secretExpired",
    "uninstalled",
    "retryAfter",
    "requestsPerMinute",
    "tokenLifetimeSeconds",
    "tokenInfo",
    "apiKeyRefused",
];

/// Ten minutes.
const MAX_DELAY_MS: u64 = 600_000;
const MAX_NEXT: u64 = 1_000_000;
/// Each call of the last minute is remembered.
const MAX_PER_MINUTE: u64 = 100_000;
/// A year.
const MAX_LIFETIME_SECONDS: u64 = 31_536_000;

impl Faults {
    /// Returns these faults with `changes`.
    pub(crate) fn with(&self, changes: &Map<String, Value>) -> Result<Self, BadChange> {
        let mut faults = self.clone();
        for (key, value) in changes {
            let known = faults.set(key, value);
            known.map_err(|wanted| match wanted {
                Some(wanted) => BadChange::BadValue {
                    key: key.clone(),
                    wanted,
                },
                None => BadChange::UnknownKey(key.clone()),
            })?;
        }
        Ok(faults)
    }

    /// Sets one fault. The error describes the valid values, or is `None` for an unknown key.
    fn set(&mut self, key: &str, value: &Value) -> Result<(), Option<String>> {
        match key {
            "slowMs" => self.slow_ms = whole(value, 0, MAX_DELAY_MS)?,
            "failNext" => self.fail_next = whole(value, 0, MAX_NEXT)?,
            "failStatus" => self.fail_status = whole(value, 500, 599)?,
            "resetNext" => self.reset_next = whole(value, 0, MAX_NEXT)?,
            "paths" => self.paths = paths(value)?,
            "deadTokens" => {
                self.dead_tokens = choice(
                    value,
                    &[
                        ("inactive", DeadTokens::Inactive),
                        ("unauthorized", DeadTokens::Unauthorized),
                    ],
                )?;
            }
            "secretExpired" => self.secret_expired = flag(value)?,
            "uninstalled" => self.uninstalled = instances(value)?,
            "retryAfter" => self.retry_after = flag(value)?,
            "requestsPerMinute" => self.requests_per_minute = whole(value, 0, MAX_PER_MINUTE)?,
            "tokenLifetimeSeconds" => {
                self.token_lifetime_seconds = whole(value, 0, MAX_LIFETIME_SECONDS)?;
            }
            "tokenInfo" => {
                self.token_info = choice(
                    value,
                    &[
                        ("right", TokenInfoBody::Right),
                        ("notJson", TokenInfoBody::NotJson),
                        ("huge", TokenInfoBody::Huge),
                        ("endless", TokenInfoBody::Endless),
                    ],
                )?;
            }
            "apiKeyRefused" => self.api_key_refused = flag(value)?,
            _ => return Err(None),
        }
        Ok(())
    }
}
