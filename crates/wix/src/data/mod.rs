//! Wix Data v2, as the npm client `@wix/data` speaks it: items, filters, changes, collections.
//!
//! Pure functions: what a filter means, what a change does to an item, how values compare. A database
//! may answer the same questions in its own language; these are the words it must agree with.
//!
//! - [`value`]: a JSON value in which a date is a date; [`codec`] reads and writes it
//! - [`path`]: `a.b.c`, and what it finds in an item; [`item_id`]: what can be an id
//! - [`filter`]: the query language
//! - [`order`]: how values sort; [`key`]: the same order as bytes
//! - [`page`], [`sort`]: reading what part of an answer is wanted, and in which order
//! - [`aggregation`]: groups and what is computed over them; [`pipeline`]: stages, one after the other
//! - [`search`]: words in items; [`distinct`]: the values of a field
//! - [`budget`]: what one request may still do
//! - [`reading`]: JSON within that budget
//! - [`memory`], [`top`], [`grouping`], [`access`]: what the last four are made of
//! - [`modification`]: what `patch` does to an item
//! - [`collection`]: definitions, field types, permissions
//! - [`fault`]: Wix's codes (`WDE…`)
//!
//! Source: Wix Data Items, Data Collections and Data Indexes API references, and what the client sends.

pub mod access;
pub mod aggregation;
pub mod budget;
pub mod codec;
pub mod collection;
pub mod date;
pub mod distinct;
pub mod fault;
pub mod filter;
pub mod grouping;
pub mod item_id;
mod json_size;
pub mod key;
pub mod limits;
pub mod memory;
pub mod modification;
pub mod order;
pub mod page;
pub mod path;
pub mod pipeline;
pub mod reading;
pub mod search;
pub mod sort;
pub mod top;
pub mod value;

pub use budget::Budget;
pub use date::Date;
pub use fault::{DataCode, DataError};
pub use filter::Filter;
pub use json_size::fits_in;
pub use order::{Direction, Sort};
pub use page::{Page, Paging};
pub use path::FieldPath;
pub use value::{Object, Value};
