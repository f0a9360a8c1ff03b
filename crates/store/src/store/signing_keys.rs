//! Keys that sign elevated tokens.

use super::Store;
use crate::StoreError;
use crate::signing_keys::{LIST, SigningKey, read};
use crate::sql::Scope;

repository! {
    /// Replaces all keys, if the present ones are those `expected`. Returns false otherwise, and then nothing was
    /// changed: of several nodes that change the same keys at the same time, one does. Fails with
    /// [`StoreError::MissingDataKey`] for a key that is sealed with a data key which does not exist, since it could
    /// never be opened: the database was restored meanwhile.
    async fn replace_signing_keys(
        &self,
        expected: Vec<SigningKey>,
        keys: Vec<SigningKey>,
    ) -> Result<bool, StoreError>;

    /// Overwrites what the file and the log of the database still hold of private keys that lay there in the clear. Other
    /// readers may prevent that at the moment; a later call then does it.
    async fn scrub_signing_keys(&self) -> Result<(), StoreError>;
}

impl Store {
    /// Lists all keys, newest first.
    pub async fn list_signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        self.query(Scope::Owner, LIST, &[], read).await
    }
}
