//! Secrets by name: everybody's, and one instance's.

use backlot_store::secrets::{SealedSecret, Secrets as _};
use backlot_wix::InstanceId;
use jiff::Timestamp;

use super::{Key, Place, SecretText, Vault, VaultFault};

/// The longest name.
const LONGEST_NAME: usize = 64;

/// The text is no name of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret's name is 1 to 64 letters, digits, `-`, `_` or `.`")]
pub struct BadSecretName;

/// What may be told of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Whose it is; `None` is everybody's.
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
    if (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(allowed) {
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
    ) -> Result<Option<SecretText>, VaultFault> {
        let key = (instance_id, name.into());
        if let Some(known) = self.open.get(&key) {
            return Ok(known);
        }
        // On the heap: most calls find it here.
        Box::pin(self.look_up(key)).await
    }

    async fn look_up(&self, key: Key) -> Result<Option<SecretText>, VaultFault> {
        let kept = self.store.secret(key.0, &key.1).await?;
        let text = kept.map(|kept| self.text(&kept)).transpose()?;
        self.open.insert(key, text.clone());
        Ok(text)
    }

    /// Makes a secret, or replaces it. With `must_exist` it only replaces: `None` when there is none.
    pub async fn keep_secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
        text: &SecretText,
        must_exist: bool,
    ) -> Result<Option<i64>, VaultFault> {
        let place = Place::Secret(instance_id, name);
        let (key_id, sealed) = self.seal(place, text.reveal().as_bytes())?;
        let now = self.clock.now();
        let secret = SealedSecret {
            instance_id,
            name: name.to_owned(),
            key_id,
            sealed,
            version: 1,
            created_at: now,
            changed_at: now,
        };
        let version = self.store.keep_secret(secret, must_exist).await?;
        self.open.invalidate(&(instance_id, name.into()));
        Ok(version)
    }

    /// Removes a secret. False when there was none.
    pub async fn remove_secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
    ) -> Result<bool, VaultFault> {
        let removed = self.store.remove_secret(instance_id, name).await?;
        self.open.invalidate(&(instance_id, name.into()));
        Ok(removed)
    }

    /// What may be told of an instance's secrets, or of everybody's.
    pub async fn secrets(
        &self,
        instance_id: Option<InstanceId>,
    ) -> Result<Vec<Listed>, VaultFault> {
        let kept = self.store.secrets(instance_id).await?;
        Ok(kept.into_iter().map(Listed::from).collect())
    }

    fn text(&self, kept: &SealedSecret) -> Result<SecretText, VaultFault> {
        let place = Place::Secret(kept.instance_id, &kept.name);
        let bytes = self.open(place, &kept.key_id, &kept.sealed)?;
        let text = str::from_utf8(&bytes).map_err(|_| VaultFault::DoesNotOpen)?;
        Ok(SecretText::new(text.to_owned()))
    }
}

impl From<SealedSecret> for Listed {
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
