//! The data of Backlot. The only crate that knows a database.
//!
//! [`Store`] is the database that the configuration chose, SQLite ([`sqlite::SqliteStore`]) or PostgreSQL
//! ([`postgres::PostgresStore`]), and all calls to it are methods of this type. No SQL and no type of a database crate
//! crosses this seam.
//!
//! Rules: absence is `Ok(None)`; every key starts with the instance id; values are bound, never written into SQL;
//! affected rows are checked. Verbs: `find` (an option), `list`, `count`, `insert`, `upsert`, `update`, `delete`.
//!
//! # Adding a call
//!
//! 1. Declare it in the file of its subject in `store/`, inside `repository! { … }`: signature and documentation.
//! 2. Implement it under the same signature in `sqlite/`, on `SqliteStore`.
//! 3. Implement it in `postgres/`, on `PostgresStore`: under the name of the instance that it is about (`tenant`), or
//!    as the owner of the tables.
//!
//! # Adding a repository
//!
//! Add its types as a module of this crate, a migration with the same number to `migrations/sqlite` and
//! `migrations/postgres`, its file in `store/`, and its implementations. `tests/conformance.rs` runs each test against
//! both databases.

pub mod accounts;
mod address;
mod arrivals;
mod backfill;
pub mod backup;
pub mod collections;
pub mod commit;
pub mod connection_usage;
mod definition_cache;
pub mod echo_marks;
pub mod entity_links;
pub mod error;
mod event_row;
pub mod events;
mod files;
pub mod imports;
pub mod index_builds;
mod index_state;
mod index_trial;
pub mod instance_details;
pub mod instances;
pub mod items;
pub mod jobs;
pub mod markers;
pub mod portability;
pub mod postgres;
mod postgres_url;
pub mod secrets;
pub mod signing_keys;
mod sql;
#[expect(
    clippy::unused_async,
    reason = "calls have one signature on both engines"
)]
pub mod sqlite;
mod store;
mod tables;
#[cfg(feature = "test-util")]
pub mod test_util;
mod turn_number;
pub mod webhook_addresses;
pub mod worker;

pub use address::{Address, verify_backup};
pub use backfill::Backfill;
pub use commit::{Commit, Operation};
pub use error::StoreError;
pub use files::{Existing, remove_unfinished};
pub use postgres_url::PostgresUrl;
pub use store::Store;
