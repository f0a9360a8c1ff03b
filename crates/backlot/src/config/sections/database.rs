//! `[database]`

use backlot_store::postgres::DEFAULT_CONNECTIONS;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The database.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// The address of the database: `sqlite://` and the path of a file, relative to the configuration's folder, or
    /// `postgres://user:password@host:5432/name`, which any number of nodes can share. Defaults to `backlot.db` in the
    /// data folder. Prefer `BACKLOT_DATABASE_URL` for an address with a password. In a password, write `@` as `%40`.
    ///
    /// TLS to a PostgreSQL server: `?sslmode=require` encrypts the connection and verifies the server's certificate and
    /// host name, against the system's certificate authorities or those in the file that `&sslrootcert=PATH` names.
    /// `verify-full` and `verify-ca` do the same. `prefer` encrypts if the server supports TLS, and verifies nothing;
    /// it is the default for an address on another machine. `disable` does not encrypt; it is the default for an
    /// address on this machine. `no-verify` requires encryption, and verifies nothing. Parameters of other programs
    /// that hosting companies put into their addresses (`pgbouncer`, `schema`, `connection_limit` …) are ignored. A
    /// connection pooler in between must use session pooling (`pool_mode = session`); any other mode is detected and
    /// refused.
    pub url: Option<String>,
    /// What an acknowledged write survives on SQLite. With `full`, it survives a power loss. With `relaxed`, it
    /// survives a crash of the program, but a power loss may undo the most recent writes. Writes are faster with
    /// `relaxed`.
    pub durability: Durability,
    /// The maximum number of connections from a node to PostgreSQL, at least 4. A quarter of them, 2 to 4, is reserved
    /// for queries that do not belong to an instance. All nodes together should stay below the server's
    /// `max_connections`; if it accepts no more connections, requests wait for one of the node's own. Not used with
    /// SQLite.
    pub connections: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: None,
            durability: Durability::default(),
            connections: DEFAULT_CONNECTIONS,
        }
    }
}

/// What an acknowledged write survives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// A power loss.
    #[default]
    Full,
    /// A crash of the program.
    Relaxed,
}
