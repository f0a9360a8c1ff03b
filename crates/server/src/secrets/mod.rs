//! The vault: secrets, sealed in the database and open nowhere else than in memory.
//!
//! - [`master_key`]: what opens the rest; from a file, the environment or a command
//! - [`data_key`]: what everything is sealed with, itself sealed by the master key
//! - [`aead`]: AES-256-GCM-SIV, bound to the place of what is sealed and to the one write
//! - [`reseal`]: what earlier versions bound to its place alone
//!
//! Rules: whatever leaves the vault is a [`SecretString`], which cannot be printed; the caller names the
//! instance; what another node changed is seen within a second.

mod aead;
mod data_key;
mod error;
mod master_key;
mod named;
mod reseal;

use std::sync::Arc;
use std::time::Duration;

use backlot_store::Store;
use backlot_store::secrets::WrappedKey;
use backlot_wix::InstanceId;
use moka::sync::Cache;
use parking_lot::RwLock;
use zeroize::Zeroizing;

use crate::clock::Clock;
pub use aead::{Revision, SecretContext};
pub use backlot_outbound::third_party::SecretString;
use data_key::DataKey;
pub use error::VaultError;
pub use master_key::{MasterKey, NoMasterKey};
pub use named::{BadSecretName, SecretMetadata, check_secret_name};
pub(crate) use reseal::account_place;

/// How long an open secret is believed. With what connections believe of their credentials, it is a second.
const SECRET_CACHE_TTL: Duration = Duration::from_millis(750);
/// Open secrets that are kept.
const MAX_CACHED_SECRETS: u64 = 10_000;

/// A secret's instance (`None` for a shared one) and name.
type Key = (Option<InstanceId>, Box<str>);

/// The vault, open. Cloning shares it.
#[derive(Clone)]
pub struct Vault {
    store: Store,
    clock: Clock,
    /// Opens the data keys of a backup that takes the database's place.
    master: MasterKey,
    /// Newest first; never empty.
    keys: Arc<RwLock<Vec<Arc<DataKey>>>>,
    open: Cache<Key, Option<SecretString>>,
}

impl Vault {
    /// Opens it with the master key; a database without a data key gets one.
    /// [`VaultError::WrongMasterKey`] when the data keys were wrapped with another.
    pub async fn unlock(
        store: Store,
        clock: Clock,
        master: &MasterKey,
    ) -> Result<Self, VaultError> {
        let now = clock.now();
        let mut kept = store.list_wrapped_keys().await?;
        if kept.is_empty() {
            let new = DataKey::generate(now).and_then(|key| key.wrap(master, now));
            kept = store
                .list_wrapped_keys_or_insert(new.ok_or(VaultError::NoRandomness)?)
                .await?;
        }
        let unwrap = |kept: &WrappedKey| DataKey::unwrap(kept, master);
        let unwrap_all = |kept: &[WrappedKey]| {
            let keys = kept.iter().map(unwrap).collect::<Result<Vec<_>, _>>();
            keys.map_err(|_| VaultError::WrongMasterKey)
        };
        let mut keys = unwrap_all(&kept)?;
        if !keys.iter().any(DataKey::binds_writes) {
            let earlier = keys.first().ok_or(VaultError::WrongMasterKey)?;
            let new = DataKey::successor_of(earlier).and_then(|key| key.wrap(master, now));
            let new = new.ok_or(VaultError::NoRandomness)?;
            store.insert_wrapped_key(new).await?;
            keys = unwrap_all(&store.list_wrapped_keys().await?)?;
        }
        Ok(Self {
            store,
            clock,
            master: master.clone(),
            keys: Arc::new(RwLock::new(keys.into_iter().map(Arc::new).collect())),
            open: Cache::builder()
                .max_capacity(MAX_CACHED_SECRETS)
                .time_to_live(SECRET_CACHE_TTL)
                .build(),
        })
    }

    /// Opens the data keys that are in the database now, since a backup has taken its place, and forgets what was
    /// open. A database without any keeps those that are open.
    pub(crate) async fn reload(&self) -> Result<(), VaultError> {
        let kept = self.store.list_wrapped_keys().await?;
        let unwrap = |kept: &WrappedKey| DataKey::unwrap(kept, &self.master);
        let keys: Result<Vec<_>, _> = kept.iter().map(unwrap).collect();
        let keys = keys.map_err(|_| VaultError::WrongMasterKey)?;
        if keys.iter().any(DataKey::binds_writes) {
            *self.keys.write() = keys.into_iter().map(Arc::new).collect();
        } else if !keys.is_empty() {
            // The restore provides a key that does, in a moment.
            return Err(VaultError::DataKeyGone);
        }
        self.open.invalidate_all();
        Ok(())
    }

    fn keys(&self) -> Vec<Arc<DataKey>> {
        self.keys.read().clone()
    }

    /// Wraps the data keys with a new master key. Servers that run go on, since they have the data keys; from
    /// then on the vault opens with the new master key only.
    pub async fn rekey(
        store: &Store,
        old: &MasterKey,
        new: &MasterKey,
    ) -> Result<usize, VaultError> {
        let kept = store.list_wrapped_keys().await?;
        let wrap = |kept: &WrappedKey| {
            let key = DataKey::unwrap(kept, old).map_err(|_| VaultError::WrongMasterKey)?;
            let wrapped = key.wrap(new, kept.created_at);
            wrapped.ok_or(VaultError::NoRandomness)
        };
        let wrapped: Vec<WrappedKey> = kept.iter().map(wrap).collect::<Result<_, _>>()?;
        let count = wrapped.len();
        if store.update_wrapped_keys(wrapped, kept).await? {
            Ok(count)
        } else {
            Err(VaultError::ChangedMeanwhile)
        }
    }

    /// A key for another purpose, the same on every node and after every start.
    pub(crate) fn derived_key(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        Ok(self.sealing_key()?.derived(purpose))
    }

    /// The key that new things are sealed with.
    fn sealing_key(&self) -> Result<Arc<DataKey>, VaultError> {
        let key = self.keys().into_iter().find(|key| key.binds_writes());
        key.ok_or(VaultError::WrongMasterKey)
    }

    /// Whether what is sealed now can be opened later: [`VaultError::DataKeyGone`] after a backup was put back that was
    /// sealed with another data key.
    pub(crate) async fn check_data_key(&self) -> Result<(), VaultError> {
        let id = self.sealing_key()?.id.clone();
        let kept = self.store.list_wrapped_keys().await?;
        let is_there = kept.iter().any(|key| key.key_id == id);
        is_there.then_some(()).ok_or(VaultError::DataKeyGone)
    }

    /// Seals something for its place. The id of the key belongs beside it.
    pub fn seal(
        &self,
        place: SecretContext<'_>,
        open: &[u8],
    ) -> Result<(String, Vec<u8>), VaultError> {
        let key = self.sealing_key()?;
        let sealed = key.sealing.seal(place, open);
        Ok((key.id.clone(), sealed.ok_or(VaultError::NoRandomness)?))
    }

    /// Opens what was sealed for this place.
    pub fn open(
        &self,
        place: SecretContext<'_>,
        key_id: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let key = self.keys().into_iter().find(|key| key.id == key_id);
        let key = key.ok_or(VaultError::DoesNotOpen)?;
        let opened = key.sealing.open(place, sealed);
        opened.map_err(|_| VaultError::DoesNotOpen)
    }
}
