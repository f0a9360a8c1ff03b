//! The keys that this server signs elevated tokens with. Every node that shares the database signs
//! with the same ones.

use std::fmt;

use jiff::Timestamp;

use crate::StoreError;

/// One private key. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// The name that tokens carry in `kid`.
    pub key_id: String,
    /// PKCS #8, DER.
    pub private_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// The store of signing keys.
pub trait SigningKeys {
    /// All keys, newest first, after keeping `candidate` if there was none. Two nodes that start at
    /// once get the same answer.
    fn signing_keys_or(
        &self,
        candidate: SigningKey,
    ) -> impl Future<Output = Result<Vec<SigningKey>, StoreError>> + Send;

    /// All keys, newest first.
    fn signing_keys(&self) -> impl Future<Output = Result<Vec<SigningKey>, StoreError>> + Send;
}
