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
mod backfill;
pub mod backup;
mod catalog;
pub mod collections;
pub mod connection_usage;
pub mod error;
mod files;
pub mod imports;
pub mod index_builds;
mod index_trial;
pub mod instance_details;
pub mod instances;
pub mod items;
pub mod jobs;
pub mod markers;
pub mod postgres;
mod rows;
pub mod secrets;
pub mod signing_keys;
#[expect(
    clippy::unused_async,
    reason = "calls have one signature on both engines"
)]
pub mod sqlite;
mod store;
pub mod transfer;
pub mod worker;

pub use address::{Address, PostgresUrl};
pub use backfill::Backfill;
pub use error::StoreError;
pub use files::{Existing, remove_unfinished};
pub use store::Store;
