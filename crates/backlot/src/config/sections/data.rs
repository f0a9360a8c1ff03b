//! `[data]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::{Duration, Size};

/// Wix Data on your own server: collections and items for every instance, spoken to with the npm client
/// `@wix/data`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// The folder of the collections that every instance has, one TOML file each (see
    /// `docs/data.md`), relative to the configuration's folder. It need not exist.
    pub collections: String,
    /// The most bytes of a request's body. An item itself has at most 500 kB.
    pub body_limit: Size,
    /// How long a client may be silent in the middle of a body.
    pub silence_timeout: Duration,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            collections: "collections".to_owned(),
            body_limit: Size::mib(16),
            silence_timeout: Duration::seconds(30),
        }
    }
}
