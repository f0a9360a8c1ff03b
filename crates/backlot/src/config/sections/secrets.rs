//! `[secrets]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::Value;

/// Secrets in the database, encrypted. `backlot secret set NAME` stores one, and `{ secret = "NAME" }` refers to it
/// wherever the configuration takes a value.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    /// The key that encrypts the secrets and the signing keys in the database: 32 random bytes in base64, as `openssl
    /// rand -base64 32` prints them. `{ env = "NAME" }`, `{ file = "path" }`, or `{ command = ["program", "argument"]
    /// }`, which reads it from the output of a program. Defaults to `master.key` in the data folder, which is created
    /// at the first start. Nodes that share a database need the same key. The key and the database together reveal the
    /// secrets; if the key is lost, so are the secrets.
    pub master_key: Option<Value>,
}
