//! Secrets, sealed, and the data keys that seal them, wrapped.
//!
//! Nothing here is opened: what arrives is bytes, and bytes are kept. The master key that wraps the data
//! keys never comes here.

use std::fmt;

use backlot_wix::InstanceId;
use jiff::Timestamp;

use crate::StoreError;

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

/// Where a secret stands among all: shared ones come first, then one instance's after another, each by name.
pub type SecretPlace = (Option<InstanceId>, String);

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

/// The store of secrets.
pub trait Secrets {
    /// All data keys, newest first, after keeping `candidate` if there was none. Two nodes that start at
    /// once get the same answer.
    fn wrapped_keys_or(
        &self,
        candidate: WrappedKey,
    ) -> impl Future<Output = Result<Vec<WrappedKey>, StoreError>> + Send;

    /// All data keys, newest first.
    fn wrapped_keys(&self) -> impl Future<Output = Result<Vec<WrappedKey>, StoreError>> + Send;

    /// Keeps one more data key, beside those that are there; false when there is one of this id, which stays.
    fn keep_wrapped_key(
        &self,
        key: WrappedKey,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Deletes a data key that nothing is sealed with. False, and nothing deleted, where something is, or there is no
    /// such key.
    fn delete_unused_wrapped_key(
        &self,
        key_id: &str,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Puts other bytes in the place of every data key's, all or none: only if what is there is what is
    /// `expected`, ids and bytes. False otherwise; then nothing was changed. Both must name the same keys, or
    /// some key would be lost ([`StoreError::Refused`]).
    fn rewrap_keys(
        &self,
        keys: Vec<WrappedKey>,
        expected: Vec<WrappedKey>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Keeps a secret as it is: a new one, or in the place of the one of the version that it `replaces`, whose time of
    /// making stays. False when there is one already, or none of that version; then nothing was changed. What is
    /// sealed is bound to the version, so it has to be known before.
    fn keep_secret(
        &self,
        secret: SealedSecret,
        replaces: Option<i64>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Puts a secret's key and sealed bytes in the place of those that are sealed with the key `instead_of`; the
    /// version stays. False when it is of another version by now, or sealed with another key.
    fn reseal_secret(
        &self,
        secret: SealedSecret,
        instead_of: &str,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Returns a secret of this instance, or a shared one if there is no instance. Neither is a fallback for the other.
    fn secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
    ) -> impl Future<Output = Result<Option<SealedSecret>, StoreError>> + Send;

    /// Lists the secrets of this instance, or the shared ones, by name.
    fn secrets(
        &self,
        instance_id: Option<InstanceId>,
    ) -> impl Future<Output = Result<Vec<SealedSecret>, StoreError>> + Send;

    /// Lists the secrets of all instances and the shared ones after this position, up to a limit.
    fn all_secrets(
        &self,
        after: Option<SecretPlace>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<SealedSecret>, StoreError>> + Send;

    /// Removes a secret. Whether there was one.
    fn remove_secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
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

/// Said when keys would be lost by a rewrapping.
pub(crate) fn other_keys() -> StoreError {
    StoreError::Refused(
        "the data keys that were wrapped again are not the expected ones".to_owned(),
    )
}
