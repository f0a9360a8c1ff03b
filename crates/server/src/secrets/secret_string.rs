//! A secret that is open: it cannot be printed, and leaves memory when it is dropped.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// The text of a secret. Clones share it; it leaves memory with the last of them.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretString(Arc<Zeroizing<String>>);

impl SecretString {
    /// The most bytes of a secret.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Takes a text.
    pub fn new(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }

    /// The text, for the few places that hand it on.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretText(…)")
    }
}
