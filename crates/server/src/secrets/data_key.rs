//! Data keys: what things are sealed with. They lie in the database, each wrapped by the master key, so a new
//! master key wraps a few bytes again and leaves the ciphertexts unchanged.

use aws_lc_rs::{hmac, rand};
use backlot_store::secrets::WrappedKey;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::aead::{Binding, DoesNotOpen, KEY_BYTES, SealingKey, SecretContext};
use super::master_key::MasterKey;

/// A data key that is open.
pub(crate) struct DataKey {
    pub(crate) id: String,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    pub(crate) sealing: SealingKey,
}

impl DataKey {
    /// A new one. `None` when the operating system gives no random bytes.
    pub(crate) fn generate(now: Timestamp) -> Option<Self> {
        let (mut bytes, mut id) = (Zeroizing::new([0; KEY_BYTES]), [0; 10]);
        rand::fill(bytes.as_mut()).ok()?;
        rand::fill(&mut id).ok()?;
        let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or_default();
        let id = uuid::Builder::from_unix_timestamp_millis(milliseconds, &id).into_uuid();
        Some(Self {
            id: id.to_string(),
            sealing: SealingKey::new(&bytes, Binding::Write)?,
            bytes,
        })
    }

    /// The one beside one of an earlier version: the same on every node, and again when a backup of the time before
    /// it was made is put back, while servers run that have it already.
    pub(crate) fn successor_of(earlier: &Self) -> Option<Self> {
        let bytes = earlier.derived("backlot data key that binds writes");
        Some(Self {
            id: format!("{}.2", earlier.id),
            sealing: SealingKey::new(&bytes, Binding::Write)?,
            bytes,
        })
    }

    /// As an earlier version made one.
    #[cfg(test)]
    pub(crate) fn generate_as_before(now: Timestamp) -> Option<Self> {
        let new = Self::generate(now)?;
        Some(Self {
            sealing: SealingKey::new(&new.bytes, Binding::SecretContext)?,
            ..new
        })
    }

    /// Whether what it seals is bound to the one write.
    pub(crate) fn binds_writes(&self) -> bool {
        self.sealing.binding == Binding::Write
    }

    /// A key for another purpose, which tells nothing of this one.
    pub(crate) fn derived(&self, purpose: &str) -> Zeroizing<[u8; KEY_BYTES]> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.bytes.as_ref());
        let tag = hmac::sign(&key, purpose.as_bytes());
        let mut derived = Zeroizing::new([0; KEY_BYTES]);
        derived.copy_from_slice(tag.as_ref());
        derived
    }

    /// As it is kept.
    pub(crate) fn wrap(&self, master: &MasterKey, created_at: Timestamp) -> Option<WrappedKey> {
        let place = SecretContext::DataKey(&self.id);
        Some(WrappedKey {
            key_id: self.id.clone(),
            wrapped: master
                .sealing(self.sealing.binding)?
                .seal(place, self.bytes.as_ref())?,
            created_at,
        })
    }

    pub(crate) fn unwrap(kept: &WrappedKey, master: &MasterKey) -> Result<Self, DoesNotOpen> {
        let open = |binding| {
            let master = master.sealing(binding).ok_or(DoesNotOpen)?;
            let open = master.open(SecretContext::DataKey(&kept.key_id), &kept.wrapped)?;
            let bytes = <[u8; KEY_BYTES]>::try_from(&open[..]).map_err(|_| DoesNotOpen)?;
            let bytes = Zeroizing::new(bytes);
            Ok(Self {
                id: kept.key_id.clone(),
                sealing: SealingKey::new(&bytes, binding).ok_or(DoesNotOpen)?,
                bytes,
            })
        };
        open(Binding::Write).or_else(|DoesNotOpen| open(Binding::SecretContext))
    }
}
