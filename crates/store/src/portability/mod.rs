//! Moving data of one instance, or all of it, as a stream of records, from one database to
//! another of any kind.
//!
//! - [`Record`]: one line of an export
//! - [`Exporter`]: an instance's records, a page at a time
//! - [`Check`]: whether an export is whole; [`Importer`]: its records into an instance
//! - [`copy`]: a whole database into another
//! - [`Checksum`]: whether two databases hold the same

mod checksum;
pub mod copy;
mod export;
mod import;
mod record;
mod tally;

pub use checksum::Checksum;
pub use export::Exporter;
pub use import::{Check, Importer, NotImported, forget_unfinished};
pub use record::Record;
pub use tally::Exported;
