//! What is to be known of a database as a whole.

/// Which backup was put back last: another value, and everything that is remembered of the database is outdated.
pub const RESTORED: &str = "restored";
/// A copy of another database into this one was begun, and has not ended: nothing in it is of use.
pub const COPY: &str = "copy";
/// An import was started under the id that follows, and has not ended. The value is when it last went on, in
/// milliseconds since 1970.
pub const IMPORT: &str = "import:";
