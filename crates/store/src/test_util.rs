//! What only tests of this crate use.

use crate::tables;

/// Lists the tables that are known to hold rows of instances.
pub fn instance_tables() -> Vec<&'static str> {
    tables::of_instance().collect()
}
