//! Sealing with AES-256-GCM-SIV (RFC 8452), which forgives a nonce that is used twice.
//!
//! What is sealed is bound to its place (which kind of thing, whose, under which name): put anywhere else,
//! it does not open. The form is nonce, ciphertext, tag.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use backlot_wix::InstanceId;
use zeroize::Zeroizing;

/// The bytes of a key.
pub(super) const KEY_BYTES: usize = 32;

/// It does not open: another key, another place, or changed bytes. Which of them cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it does not open with this key in this place")]
pub(super) struct DoesNotOpen;

/// Where something sealed belongs.
#[derive(Debug, Clone, Copy)]
pub enum Place<'name> {
    /// A data key, by its id.
    DataKey(&'name str),
    /// A key that elevated tokens are signed with, by its id.
    SigningKey(&'name str),
    /// A secret: whose (`None` is everybody's) and its name.
    Secret(Option<InstanceId>, &'name str),
    /// A connected account: whose, and of which connection.
    Account(InstanceId, &'name str),
    /// An authorization under way: whose, and of which connection.
    Authorization(InstanceId, &'name str),
}

impl Place<'_> {
    /// Bytes that no other place has: each part stands behind its length.
    fn bytes(&self) -> Vec<u8> {
        let (kind, instance_id, name) = match *self {
            Self::DataKey(name) => ("data key", None, name),
            Self::SigningKey(name) => ("signing key", None, name),
            Self::Secret(instance_id, name) => ("secret", instance_id, name),
            Self::Account(instance_id, name) => ("account", Some(instance_id), name),
            Self::Authorization(instance_id, name) => ("authorization", Some(instance_id), name),
        };
        let instance = instance_id.map(|id| *id.as_bytes());
        let instance = instance.as_ref().map_or(&[][..], |bytes| &bytes[..]);
        let mut bytes = b"backlot v1".to_vec();
        for part in [kind.as_bytes(), instance, name.as_bytes()] {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part);
        }
        bytes
    }
}

/// A key that seals.
pub(super) struct SealingKey(LessSafeKey);

impl SealingKey {
    pub(super) fn new(bytes: &[u8; KEY_BYTES]) -> Option<Self> {
        let key = UnboundKey::new(&AES_256_GCM_SIV, bytes).ok()?;
        Some(Self(LessSafeKey::new(key)))
    }

    /// `None` when the operating system gives no random bytes.
    pub(super) fn seal(&self, place: Place<'_>, open: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).ok()?;
        let mut sealed = open.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.bytes()),
                &mut sealed,
            )
            .ok()?;
        let mut whole = nonce.to_vec();
        whole.append(&mut sealed);
        Some(whole)
    }

    pub(super) fn open(
        &self,
        place: Place<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        let (nonce, rest) = sealed.split_first_chunk().ok_or(DoesNotOpen)?;
        let mut bytes = Zeroizing::new(rest.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self
            .0
            .open_in_place(nonce, Aad::from(place.bytes()), &mut bytes)
            .map_err(|_| DoesNotOpen)?
            .len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_in_its_place_only() {
        let one = InstanceId::from_bytes([1; 16]);
        let key = SealingKey::new(&[7; 32]).unwrap();
        let sealed = key.seal(Place::Secret(Some(one), "a"), b"text").unwrap();
        assert_eq!(
            **key.open(Place::Secret(Some(one), "a"), &sealed).unwrap(),
            *b"text"
        );
        let other = InstanceId::from_bytes([2; 16]);
        for place in [
            Place::Secret(None, "a"),
            Place::Secret(Some(other), "a"),
            Place::Secret(Some(one), "b"),
            Place::Account(one, "a"),
            Place::Authorization(one, "a"),
            Place::DataKey("a"),
            Place::SigningKey("a"),
        ] {
            assert!(key.open(place, &sealed).is_err(), "{place:?}");
        }
        let another = SealingKey::new(&[8; 32]).unwrap();
        assert!(
            another
                .open(Place::Secret(Some(one), "a"), &sealed)
                .is_err()
        );
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(Place::Secret(Some(one), "a"), &changed).is_err());
            assert!(
                key.open(Place::Secret(Some(one), "a"), &sealed[..at])
                    .is_err()
            );
        }
    }

    #[test]
    fn the_same_text_never_looks_the_same() {
        let key = SealingKey::new(&[7; 32]).unwrap();
        let place = Place::Secret(None, "a");
        assert_ne!(key.seal(place, b"text"), key.seal(place, b"text"));
    }
}
