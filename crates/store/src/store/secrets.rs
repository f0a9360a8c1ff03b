//! Secrets and data keys.

use crate::StoreError;
use crate::secrets::{SealedSecret, SecretPlace, WrappedKey};
use backlot_wix::InstanceId;

repository! {
    /// All data keys, newest first, after keeping `candidate` if there was none. Two nodes that start at
    /// once get the same answer.
    async fn wrapped_keys_or(&self, candidate: WrappedKey) -> Result<Vec<WrappedKey>, StoreError>;

    /// All data keys, newest first.
    async fn wrapped_keys(&self) -> Result<Vec<WrappedKey>, StoreError>;

    /// Keeps one more data key, beside those that are there; false when there is one of this id, which stays.
    async fn keep_wrapped_key(&self, key: WrappedKey) -> Result<bool, StoreError>;

    /// Deletes a data key that nothing is sealed with. False, and nothing deleted, where something is, or there is no
    /// such key.
    async fn delete_unused_wrapped_key(&self, key_id: &str) -> Result<bool, StoreError>;

    /// Puts other bytes in the place of every data key's, all or none: only if what is there is what is
    /// `expected`, ids and bytes. False otherwise; then nothing was changed. Both must name the same keys, or
    /// some key would be lost ([`StoreError::Refused`]).
    async fn rewrap_keys(
        &self,
        keys: Vec<WrappedKey>,
        expected: Vec<WrappedKey>,
    ) -> Result<bool, StoreError>;

    /// Keeps a secret as it is: a new one, or in the place of the one of the version that it `replaces`, whose time of
    /// making stays. False when there is one already, or none of that version; then nothing was changed. What is
    /// sealed is bound to the version, so it has to be known before.
    async fn keep_secret(
        &self,
        secret: SealedSecret,
        replaces: Option<i64>,
    ) -> Result<bool, StoreError>;

    /// Puts a secret's key and sealed bytes in the place of those that are sealed with the key `instead_of`; the
    /// version stays. False when it is of another version by now, or sealed with another key.
    async fn reseal_secret(
        &self,
        secret: SealedSecret,
        instead_of: &str,
    ) -> Result<bool, StoreError>;

    /// One secret of this instance; or everybody's, without an instance. Neither stands in for the other.
    async fn secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
    ) -> Result<Option<SealedSecret>, StoreError>;

    /// The secrets of this instance, or everybody's, by name.
    async fn secrets(
        &self,
        instance_id: Option<InstanceId>,
    ) -> Result<Vec<SealedSecret>, StoreError>;

    /// Secrets of everybody and of every instance: after this place, at most so many.
    async fn all_secrets(
        &self,
        after: Option<SecretPlace>,
        limit: u32,
    ) -> Result<Vec<SealedSecret>, StoreError>;

    /// Removes a secret. Whether there was one.
    async fn remove_secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
    ) -> Result<bool, StoreError>;
}
