//! Markers of the database as a whole.

use crate::StoreError;

repository! {
    /// The value of a marker.
    async fn marker(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// All markers whose names begin so, by name.
    async fn markers(&self, beginning: &str) -> Result<Vec<(String, String)>, StoreError>;

    /// Sets a marker; removes it where there is no value.
    async fn set_marker(&self, name: &str, value: Option<String>) -> Result<(), StoreError>;
}
