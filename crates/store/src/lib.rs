//! Everything that Backlot keeps. The only crate that knows a database.
//!
//! Each subject is a trait in a separate file ([`instances`], [`instance_details`],
//! [`signing_keys`], [`collections`], [`index_builds`], [`items`], [`jobs`], [`secrets`], [`accounts`],
//! [`connection_usage`]); a database is a type that implements all of them
//! ([`sqlite::SqliteStore`], [`postgres::PostgresStore`]). No SQL and no database type
//! crosses this seam. [`Store`] is the one that the configuration chose.
//!
//! Rules: absence is `Ok(None)`; every key starts with the instance id; values are bound, never
//! written into SQL.

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
pub mod sqlite;
mod store;
pub mod transfer;
pub mod worker;

pub use address::{Address, PostgresUrl};
pub use backfill::Backfill;
pub use error::StoreError;
pub use files::{Existing, remove_unfinished};
pub use store::Store;
