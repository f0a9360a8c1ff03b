//! The keys that this server signs elevated tokens with. Every node that shares the database signs
//! with the same ones.
//!
//! Nothing here is opened: a private key arrives sealed, and its bytes are kept. Only a database of an earlier program
//! holds one in the clear, until a server seals it.

use std::fmt;

use jiff::Timestamp;

use crate::StoreError;
use crate::sql::Row;

/// One private key. Its bytes cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// The name that tokens carry in `kid`.
    pub key_id: String,
    /// PKCS #8, DER, encrypted by the data key of `sealed_with`.
    pub private_key: Vec<u8>,
    /// The data key; `None` for a private key in the clear, which an earlier program left.
    pub sealed_with: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs. Until then it is only published.
    pub signs_from: Timestamp,
    /// From when on it verifies nothing any more. `None` until another key takes its place.
    pub ends_at: Option<Timestamp>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("key_id", &self.key_id)
            .field("sealed_with", &self.sealed_with)
            .field("signs_from", &self.signs_from)
            .field("ends_at", &self.ends_at)
            .finish_non_exhaustive()
    }
}

/// Refuses keys that are sealed with none of these data keys.
pub(crate) fn check_data_keys(keys: &[SigningKey], data_keys: &[String]) -> Result<(), StoreError> {
    let is_there = |key: &SigningKey| {
        let data_key = key.sealed_with.as_ref();
        data_key.is_none_or(|id| data_keys.contains(id))
    };
    if keys.iter().all(is_there) {
        return Ok(());
    }
    Err(StoreError::MissingDataKey)
}

/// In the order in which they are read: newest first.
pub(crate) fn sorted(mut keys: Vec<SigningKey>) -> Vec<SigningKey> {
    keys.sort_by(|one, other| {
        let newest_first = other.created_at.cmp(&one.created_at);
        newest_first.then_with(|| one.key_id.cmp(&other.key_id))
    });
    keys
}

pub(crate) const LIST: &str = "
    SELECT key_id, private_key, sealed_with, created_at_ms, signs_from_ms, ends_at_ms
    FROM signing_keys ORDER BY created_at_ms DESC, key_id";

/// Reads a row of [`LIST`].
pub(crate) fn read(row: &Row<'_>) -> Result<SigningKey, StoreError> {
    Ok(SigningKey {
        key_id: row.get(0)?,
        private_key: row.get(1)?,
        sealed_with: row.get(2)?,
        created_at: row.timestamp(3)?,
        signs_from: row.timestamp(4)?,
        ends_at: row.optional_timestamp(5)?,
    })
}
