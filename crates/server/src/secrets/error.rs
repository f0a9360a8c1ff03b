//! Why the vault gives nothing.

use backlot_store::StoreError;

/// Why the vault gives nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VaultError {
    /// The data keys were wrapped with another master key.
    #[error("this is not the master key that the database's secrets are sealed with")]
    WrongMasterKey,
    /// Something sealed was changed, or moved to another place.
    #[error("what is kept here does not open: it was changed, or belongs somewhere else")]
    DoesNotOpen,
    /// Somebody else changed the keys in the same moment; nothing was changed.
    #[error("the keys were changed by somebody else in the same moment")]
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
