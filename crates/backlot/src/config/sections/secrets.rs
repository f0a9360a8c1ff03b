//! `[secrets]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::Value;

/// Secrets that Backlot keeps, sealed, in its database: `backlot secret set NAME` puts one there, and
/// `{ secret = "NAME" }` stands for it wherever this file takes a value.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    /// What the database's secrets and its signing key are sealed with: 32 random bytes in base64, as `openssl rand -base64 32`
    /// writes them. `{ env = "NAME" }`, `{ file = "path" }`, or `{ command = ["program", "argument"] }`, whose
    /// output it is. Defaults to `master.key` in the data folder, which the first start makes. Nodes that share a
    /// database need the same one. Whoever has both this key and the database has the secrets; without the key they
    /// are lost.
    pub master_key: Option<Value>,
}
