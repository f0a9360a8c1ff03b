//! Secrets by name: shared ones, and those of an instance.

use backlot_store::secrets::SealedSecret;
use backlot_wix::InstanceId;
use jiff::Timestamp;

use super::{Key, Revision, SecretContext, SecretString, Vault, VaultError};

/// How often a write is tried when others write the same secret at the same time.
const MAX_TRIES: u32 = 64;
/// The longest name.
const MAX_NAME_BYTES: usize = 64;

/// The text is no name of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret's name is 1 to 64 letters, digits, `-`, `_` or `.`")]
pub struct BadSecretName;

/// What may be told of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretMetadata {
    /// The instance; `None` for a shared one.
    pub instance_id: Option<InstanceId>,
    /// Its name.
    pub name: String,
    /// How often it was written.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was written last.
    pub changed_at: Timestamp,
}

/// Whether a text may be a secret's name.
pub fn check_secret_name(name: &str) -> Result<(), BadSecretName> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err(BadSecretName)
    }
}

impl Vault {
    /// The text of a secret; `None` when there is none of this name.
    pub async fn secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
    ) -> Result<Option<SecretString>, VaultError> {
        let key = (instance_id, name.into());
        if let Some(known) = self.open.get(&key) {
            return Ok(known);
        }
        // On the heap: most calls find it here.
        Box::pin(self.look_up(key)).await
    }

    async fn look_up(&self, key: Key) -> Result<Option<SecretString>, VaultError> {
        let kept = self.store.find_secret(key.0, &key.1).await?;
        let text = kept.map(|kept| self.text(&kept)).transpose()?;
        self.open.insert(key, text.clone());
        Ok(text)
    }

    /// Makes a secret, or replaces it. With `must_exist` it only replaces: `None` when there is none.
    pub async fn keep_secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
        text: &SecretString,
        must_exist: bool,
    ) -> Result<Option<i64>, VaultError> {
        self.check_data_key().await?;
        for _ in 0..MAX_TRIES {
            let before = self.store.find_secret(instance_id, name).await?;
            if must_exist && before.is_none() {
                return Ok(None);
            }
            let now = self.clock.now();
            let replaces = before.as_ref().map(|before| before.version);
            let revision = Revision {
                version: replaces.unwrap_or_default() + 1,
                created_at: before.map_or(now, |before| before.created_at),
            };
            let place = SecretContext::Secret(instance_id, name, revision);
            let (key_id, sealed) = self.seal(place, text.reveal().as_bytes())?;
            let secret = SealedSecret {
                instance_id,
                name: name.to_owned(),
                key_id,
                sealed,
                version: revision.version,
                created_at: revision.created_at,
                changed_at: now,
            };
            if self.store.upsert_secret(secret, replaces).await? {
                self.open.invalidate(&(instance_id, name.into()));
                return Ok(Some(revision.version));
            }
        }
        Err(VaultError::ChangedMeanwhile)
    }

    /// Makes a shared secret, unless there is one of this name. Returns the one that every node has then.
    pub(crate) async fn insert_secret_or_get(
        &self,
        name: &str,
        text: &SecretString,
    ) -> Result<SecretString, VaultError> {
        self.check_data_key().await?;
        let now = self.clock.now();
        let revision = Revision {
            version: 1,
            created_at: now,
        };
        let place = SecretContext::Secret(None, name, revision);
        let (key_id, sealed) = self.seal(place, text.reveal().as_bytes())?;
        let secret = SealedSecret {
            instance_id: None,
            name: name.to_owned(),
            key_id,
            sealed,
            version: revision.version,
            created_at: now,
            changed_at: now,
        };
        // Not inserted: another node was faster.
        self.store.upsert_secret(secret, None).await?;
        self.open.invalidate(&(None, name.into()));
        let kept = self.secret(None, name).await?;
        kept.ok_or(VaultError::ChangedMeanwhile)
    }

    /// Removes a secret. False when there was none.
    pub async fn remove_secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
    ) -> Result<bool, VaultError> {
        let removed = self.store.delete_secret(instance_id, name).await?;
        self.open.invalidate(&(instance_id, name.into()));
        Ok(removed)
    }

    /// Lists the metadata of an instance's secrets, or of the shared ones.
    pub async fn secrets(
        &self,
        instance_id: Option<InstanceId>,
    ) -> Result<Vec<SecretMetadata>, VaultError> {
        let kept = self.store.list_secrets(instance_id).await?;
        Ok(kept.into_iter().map(SecretMetadata::from).collect())
    }

    fn text(&self, kept: &SealedSecret) -> Result<SecretString, VaultError> {
        let bytes = self.open(place_of(kept), &kept.key_id, &kept.sealed)?;
        let text = str::from_utf8(&bytes).map_err(|_| VaultError::DoesNotOpen)?;
        Ok(SecretString::new(text.to_owned()))
    }
}

/// Where a secret is sealed for.
pub(crate) fn place_of(kept: &SealedSecret) -> SecretContext<'_> {
    let revision = Revision {
        version: kept.version,
        created_at: kept.created_at,
    };
    SecretContext::Secret(kept.instance_id, &kept.name, revision)
}

impl From<SealedSecret> for SecretMetadata {
    fn from(kept: SealedSecret) -> Self {
        Self {
            instance_id: kept.instance_id,
            name: kept.name,
            version: kept.version,
            created_at: kept.created_at,
            changed_at: kept.changed_at,
        }
    }
}
