//! Sealing with AES-256-GCM-SIV (RFC 8452), which forgives a nonce that is used twice.
//!
//! What is sealed is bound to its place (which kind of thing, whose, under which name) and, in a row that is written
//! again and again, to the one write: put anywhere else, or put back later, it does not open. The form is nonce,
//! ciphertext, tag.
//!
//! Keys of earlier versions bound to the place alone. The data key says which it is ([`Binding`]), and that is sealed
//! with it.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use backlot_wix::InstanceId;
use jiff::Timestamp;
use zeroize::Zeroizing;

/// The bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;

/// It does not open: another key, another place, or changed bytes. Which of them cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it does not open with this key in this place")]
pub(crate) struct DoesNotOpen;

/// Where something sealed belongs.
#[derive(Debug, Clone, Copy)]
pub enum SecretContext<'name> {
    /// A data key, by its id.
    DataKey(&'name str),
    /// A key that elevated tokens are signed with, by its id.
    SigningKey(&'name str),
    /// A secret: its instance (`None` for a shared one), its name, and the write.
    Secret(Option<InstanceId>, &'name str, Revision),
    /// A connected account: whose, of which connection, and the write.
    Account(InstanceId, &'name str, Revision),
    /// An authorization under way: whose, and of which connection.
    Authorization(InstanceId, &'name str),
}

/// One write of a row: of two writes of the same row none has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision {
    /// The row's version, which goes up with each write.
    pub version: i64,
    /// When the row was made. A recreated one begins with the first version again.
    pub created_at: Timestamp,
}

/// What a key's ciphertexts are bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// Their place: with keys of earlier versions.
    SecretContext,
    /// Their place and the write.
    Write,
}

impl SecretContext<'_> {
    /// Bytes that no other place has, and no other write: each part stands behind its length.
    fn bytes(&self, binding: Binding) -> Vec<u8> {
        let (kind, instance_id, name, revision) = match *self {
            Self::DataKey(name) => ("data key", None, name, None),
            Self::SigningKey(name) => ("signing key", None, name, None),
            Self::Secret(instance_id, name, revision) => {
                ("secret", instance_id, name, Some(revision))
            }
            Self::Account(instance_id, name, revision) => {
                ("account", Some(instance_id), name, Some(revision))
            }
            Self::Authorization(instance_id, name) => {
                ("authorization", Some(instance_id), name, None)
            }
        };
        let instance = instance_id.map(|id| *id.as_bytes());
        let instance = instance.as_ref().map_or(&[][..], |bytes| &bytes[..]);
        let mut bytes = match binding {
            Binding::SecretContext => b"backlot v1".to_vec(),
            Binding::Write => b"backlot v2".to_vec(),
        };
        for part in [kind.as_bytes(), instance, name.as_bytes()] {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part);
        }
        if let (Binding::Write, Some(revision)) = (binding, revision) {
            bytes.extend(revision.version.to_le_bytes());
            bytes.extend(revision.created_at.as_millisecond().to_le_bytes());
        }
        bytes
    }
}

/// A key that seals.
pub(crate) struct SealingKey {
    key: LessSafeKey,
    pub(crate) binding: Binding,
}

impl SealingKey {
    pub(crate) fn new(bytes: &[u8; KEY_BYTES], binding: Binding) -> Option<Self> {
        let key = UnboundKey::new(&AES_256_GCM_SIV, bytes).ok()?;
        Some(Self {
            key: LessSafeKey::new(key),
            binding,
        })
    }

    /// `None` when the operating system gives no random bytes.
    pub(crate) fn seal(&self, place: SecretContext<'_>, open: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).ok()?;
        let mut sealed = open.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.bytes(self.binding)),
                &mut sealed,
            )
            .ok()?;
        let mut whole = nonce.to_vec();
        whole.append(&mut sealed);
        Some(whole)
    }

    pub(crate) fn open(
        &self,
        place: SecretContext<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        let (nonce, rest) = sealed.split_first_chunk().ok_or(DoesNotOpen)?;
        let mut bytes = Zeroizing::new(rest.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self
            .key
            .open_in_place(nonce, Aad::from(place.bytes(self.binding)), &mut bytes)
            .map_err(|_| DoesNotOpen)?
            .len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(version: i64, created_at: i64) -> Revision {
        Revision {
            version,
            created_at: Timestamp::from_millisecond(created_at).unwrap(),
        }
    }

    #[test]
    fn it_opens_in_its_place_only() {
        let one = InstanceId::from_bytes([1; 16]);
        let key = SealingKey::new(&[7; 32], Binding::Write).unwrap();
        let first = written(1, 5);
        let home = SecretContext::Secret(Some(one), "a", first);
        let sealed = key.seal(home, b"text").unwrap();
        assert_eq!(**key.open(home, &sealed).unwrap(), *b"text");
        let other = InstanceId::from_bytes([2; 16]);
        for place in [
            SecretContext::Secret(None, "a", first),
            SecretContext::Secret(Some(other), "a", first),
            SecretContext::Secret(Some(one), "b", first),
            SecretContext::Account(one, "a", first),
            SecretContext::Authorization(one, "a"),
            SecretContext::DataKey("a"),
            SecretContext::SigningKey("a"),
        ] {
            assert!(key.open(place, &sealed).is_err(), "{place:?}");
        }
        for (bytes, binding) in [([8; 32], Binding::Write), ([7; 32], Binding::SecretContext)] {
            let another = SealingKey::new(&bytes, binding).unwrap();
            assert!(another.open(home, &sealed).is_err());
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(home, &changed).is_err());
            assert!(key.open(home, &sealed[..at]).is_err());
        }
    }

    #[test]
    fn what_an_earlier_write_sealed_does_not_open() {
        let one = InstanceId::from_bytes([1; 16]);
        let key = SealingKey::new(&[7; 32], Binding::Write).unwrap();
        let places: [fn(InstanceId, Revision) -> SecretContext<'static>; 3] = [
            |_, revision| SecretContext::Secret(None, "a", revision),
            |id, revision| SecretContext::Secret(Some(id), "a", revision),
            |id, revision| SecretContext::Account(id, "a", revision),
        ];
        for place in places {
            let sealed = key.seal(place(one, written(1, 5)), b"text").unwrap();
            for later in [written(2, 5), written(1, 6), written(5, 1)] {
                assert!(key.open(place(one, later), &sealed).is_err(), "{later:?}");
            }
        }
        let before = SealingKey::new(&[7; 32], Binding::SecretContext).unwrap();
        let sealed = before
            .seal(SecretContext::Secret(None, "a", written(1, 5)), b"text")
            .unwrap();
        let later = SecretContext::Secret(None, "a", written(2, 5));
        assert!(before.open(later, &sealed).is_ok(), "as it was sealed");
    }

    #[test]
    fn the_same_text_never_looks_the_same() {
        let key = SealingKey::new(&[7; 32], Binding::Write).unwrap();
        let place = SecretContext::Secret(None, "a", written(1, 5));
        assert_ne!(key.seal(place, b"text"), key.seal(place, b"text"));
    }
}
