//! Keys that sign elevated tokens.

use crate::StoreError;
use crate::signing_keys::SigningKey;

repository! {
    /// All keys, newest first.
    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError>;

    /// Puts these keys in the place of all, or changes nothing: only if what is there is what is `expected`. False
    /// otherwise. Of several nodes that change the same keys at once, one does. A key that is sealed with a data key
    /// which is not there could never be opened ([`StoreError::Refused`]): the database was put back meanwhile.
    async fn replace_signing_keys(
        &self,
        expected: Vec<SigningKey>,
        keys: Vec<SigningKey>,
    ) -> Result<bool, StoreError>;

    /// Overwrites what the database still holds of private keys that lay in it in the clear, in its file and in its
    /// log. Others that read at the same time may keep it from doing all of that; then it is done by a later call.
    async fn scrub_signing_keys(&self) -> Result<(), StoreError>;
}
