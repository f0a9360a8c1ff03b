//! `[secrets]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::Value;

/// Secrets that Backlot keeps, sealed, in its database: `backlot secret set NAME` puts one there, and
/// `{ secret = "NAME" }` stands for it wherever this file takes a value.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    /// What the database's secrets are sealed with: 32 random bytes in base64, as `openssl rand -base64 32`
    /// writes them. `{ env = "NAME" }`, `{ file = "path" }`, or `{ command = ["program", "argument"] }`, whose
    /// output it is. Without it: `master.key` in the data folder, which is made when it is first needed. Whoever
    /// has both this key and the database has the secrets; without the key they are lost.
    pub master_key: Option<Value>,
}
