//! What is to be known of a database as a whole.

use crate::StoreError;

/// Which backup was put back last: another value, and everything that is remembered of the database is outdated.
pub const RESTORED: &str = "restored";
/// A copy of another database into this one was begun, and has not ended: nothing in it is of use.
pub const COPY: &str = "copy";
/// An import was started under the id that follows, and has not ended. The value is when it last went on, in
/// milliseconds since 1970.
pub const IMPORT: &str = "import:";

/// The store of markers.
pub trait Markers {
    /// The value of a marker.
    fn marker(&self, name: &str)
    -> impl Future<Output = Result<Option<String>, StoreError>> + Send;

    /// All markers whose names begin so, by name.
    fn markers(
        &self,
        beginning: &str,
    ) -> impl Future<Output = Result<Vec<(String, String)>, StoreError>> + Send;

    /// Sets a marker; removes it where there is no value.
    fn set_marker(
        &self,
        name: &str,
        value: Option<String>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
