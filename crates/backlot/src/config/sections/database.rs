//! `[database]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where everything is kept.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite://` and the path of a file, relative to the configuration's folder. Without it:
    /// `backlot.db` in the data folder.
    pub url: Option<String>,
}
