//! The master key: it opens the data key, which opens everything else. It is never in the database.

use std::fmt;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::aead::{Binding, KEY_BYTES, SealingKey};

/// 32 bytes, written as base64.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

/// The text is no master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a master key is 32 random bytes in base64 (44 characters), as `openssl rand -base64 32` writes them"
)]
pub struct NoMasterKey;

impl MasterKey {
    /// A new one. `None` when the operating system gives no random bytes.
    pub fn generate() -> Option<Self> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        rand::fill(bytes.as_mut()).ok()?;
        Some(Self(bytes))
    }

    /// Reads base64 in any of its spellings, or 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, NoMasterKey> {
        let text = text.trim();
        if let Some(bytes) = from_hexadecimal(text) {
            return Ok(Self(bytes));
        }
        let bytes = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD]
            .into_iter()
            .find_map(|spelling| spelling.decode(text).ok())
            .map(Zeroizing::new)
            .ok_or(NoMasterKey)?;
        let bytes = <[u8; KEY_BYTES]>::try_from(&bytes[..]).map_err(|_| NoMasterKey)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// The key as text, to be kept somewhere safe.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_ref()))
    }

    pub(crate) fn sealing(&self, binding: Binding) -> Option<SealingKey> {
        SealingKey::new(&self.0, binding)
    }
}

fn from_hexadecimal(text: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    // Without the prefix `0x`, which the library takes.
    let is_of_length = text.len() == KEY_BYTES * 2;
    let bytes = is_of_length.then(|| const_hex::decode_to_array(text).ok());
    bytes.flatten().map(Zeroizing::new)
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let key = MasterKey::generate().unwrap();
        let text = key.reveal();
        assert_eq!(text.len(), 44);
        assert_eq!(*MasterKey::parse(&text).unwrap().reveal(), *text);
        let hexadecimal = "0123456789abcdefABCDEF00112233445566778899aabbccddeeff0011223344";
        assert_eq!(
            MasterKey::parse(hexadecimal).unwrap().0[..3],
            [1, 0x23, 0x45]
        );
        for wrong in ["", "short", "c2hvcnQ=", &"a".repeat(44), &"é".repeat(32)] {
            assert!(MasterKey::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(format!("{key:?}"), "MasterKey(…)");
    }
}
