//! The configuration: valid settings from a file, the environment and flags.
//!
//! `source` reads and merges them, and records the origin of each value. `sections` defines the keys, and `values` their
//! types. `resolve` converts them into the settings of a server. Mistakes are reported with file and line (or variable, or
//! flag), cause and remedy, all of one kind at once.

mod error;
mod keys;
mod master_key;
pub(crate) mod reference;
mod resolve;
pub mod sections;
mod source;
mod template;
pub mod values;

pub use error::{ConfigError, ConfigProblem};
pub(crate) use keys::is_configuration;
pub(crate) use master_key::MasterKeyPlace;
pub(crate) use resolve::WIX;
pub use resolve::{Fallback, Mode, Resolved, resolve};
pub(crate) use resolve::{
    check, connections_of, database_at, database_of, master_key_of, origins_of, routes_of,
    subscriptions_of,
};
pub use sections::Config;
pub use source::{Environment, Origin, Source};
pub(crate) use source::{lines, misspelt};
pub use template::TEMPLATE;
