//! Secrets, sealed, and the data keys that seal them, wrapped.
//!
//! Nothing here is opened: what arrives is bytes, and bytes are kept. The master key that wraps the data
//! keys never comes here.

use std::fmt;

use backlot_wix::InstanceId;
use jiff::Timestamp;

use crate::StoreError;
use crate::sql::Row;

/// A data key, wrapped by the master key. Its bytes cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The name that what it seals carries.
    pub key_id: String,
    /// The key, encrypted.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A secret, encrypted by a data key. Its bytes cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// The instance that it belongs to; `None` for a shared one.
    pub instance_id: Option<InstanceId>,
    /// Its name, which its instance has once.
    pub name: String,
    /// The data key.
    pub key_id: String,
    /// The secret, encrypted.
    pub sealed: Vec<u8>,
    /// 1 for a new one, and one more with each change. The sealed bytes are bound to it.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was made or changed.
    pub changed_at: Timestamp,
}

/// The position of a secret among all: the shared ones come first, then those of each instance, each by name.
pub type SecretPosition = (Option<InstanceId>, String);

impl fmt::Debug for WrappedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WrappedKey")
            .field("key_id", &self.key_id)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SealedSecret")
            .field("instance_id", &self.instance_id)
            .field("name", &self.name)
            .field("key_id", &self.key_id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Whether both name the same keys, in any order.
pub(crate) fn same_ids(keys: &[WrappedKey], others: &[WrappedKey]) -> bool {
    sorted(keys, |key| &key.key_id) == sorted(others, |key| &key.key_id)
}

/// Whether both are the same keys with the same bytes, in any order.
pub(crate) fn same_keys(keys: &[WrappedKey], others: &[WrappedKey]) -> bool {
    let content = |key| -> (&str, &[u8]) {
        let key: &WrappedKey = key;
        (&key.key_id, &key.wrapped)
    };
    sorted(keys, content) == sorted(others, content)
}

fn sorted<'key, T: Ord>(keys: &'key [WrappedKey], of: impl Fn(&'key WrappedKey) -> T) -> Vec<T> {
    let mut all: Vec<T> = keys.iter().map(of).collect();
    all.sort_unstable();
    all
}

pub(crate) const LIST_KEYS: &str = "
    SELECT key_id, wrapped, created_at_ms FROM wrapped_keys ORDER BY created_at_ms DESC, key_id";

pub(crate) const INSERT_KEY: &str = "
    INSERT INTO wrapped_keys (key_id, wrapped, created_at_ms) VALUES ($1, $2, $3)
    ON CONFLICT (key_id) DO NOTHING";

/// Reads a row of [`LIST_KEYS`].
pub(crate) fn read_key(row: &Row<'_>) -> Result<WrappedKey, StoreError> {
    Ok(WrappedKey {
        key_id: row.get(0)?,
        wrapped: row.get(1)?,
        created_at: row.timestamp(2)?,
    })
}
