//! Why the vault gives nothing.

use backlot_store::StoreError;

/// Why the vault gives nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VaultError {
    /// The data keys were wrapped with another master key.
    #[error("this is not the master key that the database's secrets are sealed with")]
    WrongMasterKey,
    /// Something sealed was changed, or moved to another place.
    #[error("the stored value cannot be decrypted: it was changed, or belongs to another row")]
    DoesNotOpen,
    /// The keys were changed concurrently; nothing was changed.
    #[error("the keys were changed concurrently")]
    ChangedMeanwhile,
    /// The database no longer holds the data key that this server seals with.
    #[error("a backup was put back that is sealed with another data key; start the server again")]
    DataKeyGone,
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    NoRandomness,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}
