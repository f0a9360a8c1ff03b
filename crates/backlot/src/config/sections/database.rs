//! `[database]`

use backlot_store::postgres::DEFAULT_CONNECTIONS;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where everything is kept.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite://` and the path of a file, relative to the configuration's folder, or
    /// `postgres://user:password@host:5432/name`, which any number of nodes share. Without it:
    /// `backlot.db` in the data folder. A password is better given as `BACKLOT_DATABASE_URL`; in one, `@` is written `%40`.
    ///
    /// TLS to a PostgreSQL server: `?sslmode=require` encrypts and checks the certificate and the host that it
    /// is for, by the system's authorities or by those in the file that `&sslrootcert=PATH` names
    /// (`verify-full` and `verify-ca` are other words for it). `prefer`, which is what an address without the
    /// word means, encrypts where the server has TLS and checks nothing. `disable` does not encrypt; nor
    /// does an address on this machine without the word. `no-verify` encrypts, or does not connect, and checks
    /// nothing. Parameters of other programs that hosting companies put into their addresses (`pgbouncer`, `schema`,
    /// `connection_limit` …) are passed over. A pooler in between must keep a session for each connection
    /// (`pool_mode = session`); one that does not is noticed and refused.
    pub url: Option<String>,
    /// What an acknowledged change survives on SQLite: `full` is a loss of power, for it is on disk;
    /// `relaxed` is the end of the program, and a loss of power may undo the last moments. Writes are
    /// faster then.
    pub durability: Durability,
    /// How many connections to PostgreSQL a node has at most. At least 4: a quarter of them, 2 to 4, is for what is not
    /// one site's. All nodes together should leave the server some of its `max_connections`; where it takes no
    /// further ones, requests wait for one of the node's own. SQLite needs none.
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

/// What an acknowledged change survives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// A loss of power.
    #[default]
    Full,
    /// The end of the program.
    Relaxed,
}
