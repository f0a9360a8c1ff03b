//! Wix Data v2, as the npm client `@wix/data` speaks it: items, filters, changes, collections.
//!
//! Pure functions: what a filter means, what a change does to an item, how values compare. A database
//! may answer the same questions in its own language; these are the words it must agree with.
//!
//! - [`value`]: a JSON value in which a date is a date; [`codec`] reads and writes it
//! - [`path`]: `a.b.c`, and what it finds in an item
//! - [`filter`]: the query language
//! - [`order`]: how values sort; [`key`]: the same order as bytes
//! - [`modification`]: what `patch` does to an item
//! - [`collection`]: definitions, field types, permissions
//! - [`fault`]: Wix's codes (`WDE…`)
//!
//! Source: Wix Data Items, Data Collections and Data Indexes API references, and what the client sends.

pub mod codec;
pub mod collection;
pub mod date;
pub mod fault;
pub mod filter;
pub mod key;
pub mod limits;
pub mod modification;
pub mod order;
pub mod path;
pub mod value;

pub use date::Date;
pub use fault::{DataCode, Fault};
pub use filter::Filter;
pub use order::{Direction, Sort};
pub use path::FieldPath;
pub use value::{Object, Value};
